"""Styles with a meaning, in the names of the 16 colours and in tokens.

The theme defines these colours.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rich.style import Style

from koonj.migrations.states import GLYPHS, State
from koonj.tui.theme.tokens import token

PLAIN = Style.null()
DIM = Style(dim=True)
STRONG = Style(bold=True)
MARKED = Style(bgcolor=token("selected"))
"""Row of the cursor in a pane that has the focus."""
RAISED = Style(color=token("background"), bgcolor=token("accent"), bold=True)
"""Title of the pane that has the focus, and the name of the chosen target."""
RULE = Style(color=token("border"))
"""Lines between texts; never text."""
UNDERLINED = Style(underline=True)
FOUND = Style(color="yellow", bold=True, underline=True)
"""A match of a search."""
FOUND_HERE = Style(reverse=True, bold=True)
"""The current match of a search."""
GOOD = Style(color="green")
WAITING = Style(color="yellow")
BAD = Style(color="red", bold=True)
WARNING = Style(color="magenta", bold=True)
ACCENT = Style(color="cyan", bold=True)
MOVING = Style(color=token("info"))
"""What works now: a run or a rehearsal."""

STATES: Mapping[State | None, Style] = MappingProxyType(
    {
        None: DIM,
        State.APPLIED: GOOD,
        State.ADOPTED: GOOD,
        State.PENDING: WAITING,
        State.COSMETIC: DIM,
        State.ROLLBACK_EDITED: WARNING,
        State.LATE: WARNING,
        State.EDITED: BAD,
        State.MISSING: BAD,
        State.RENAMED: WARNING,
        State.DUPLICATE: BAD,
        State.RUNNING: MOVING,
        State.INTERRUPTED: BAD,
        State.FAILED: BAD,
    }
)


def glyph(state: State | None) -> str:
    """Return the glyph of a state, one cell wide.

    Each state has its own, with or without colour.
    """
    return "?" if state is None else GLYPHS[state]
