"""The first lines of the editor: file, save state, cursor, and a warning."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from koonj.sql.display import in_place
from koonj.tui.documents.edit_buffer import SaveState
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN, RAISED, WAITING, WARNING
from koonj.tui.toolkit.strips import Part, cut, fit

_LOOKS = {
    SaveState.SAVED: GOOD,
    SaveState.UNSAVED: WAITING,
    SaveState.CHANGED_ON_DISK: BAD,
    SaveState.DELETED_ON_DISK: BAD,
}
_SHORT = 8
"""Minimum width, in cells, of the file name."""


def file_parts(
    path: str, save_state: SaveState, row: int, column: int, character: str, width: int
) -> tuple[Part, ...]:
    """Return file, save state and cursor position.

    If the character at the cursor is invisible, its code point is shown too.
    """
    hidden = (
        f"U+{ord(character):04X}  "
        if character not in ("", "\t") and in_place(character) != character
        else ""
    )
    right = f"{hidden}{row}:{column} "
    state = f"  {save_state.value}  "
    right = right if cell_len(state) + cell_len(right) + _SHORT + 3 <= width else ""
    room = width - cell_len(state) - cell_len(right) - 3
    shown = path if cell_len(path) <= room else path.rpartition("/")[2]
    name = f" {cut(shown, max(_SHORT, room))} "
    gap = width - cell_len(name) - cell_len(state) - cell_len(right)
    return ((name, RAISED), (state, _LOOKS[save_state]), (fit("", max(0, gap)), PLAIN), (right, DIM))


def applied_warning(targets: Sequence[str]) -> tuple[Part, ...]:
    """Return the warning that the migration has already run on `targets`."""
    text = f"Ran on {' and '.join(targets)}. Changes are not applied there; the state becomes edited."
    return ((" ! ", WARNING), (text, PLAIN))
