"""The editor's first lines."""

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
"""Cells of a name that are shown whatever else there is to say."""


def place_parts(
    path: str, standing: SaveState, row: int, column: int, character: str, width: int
) -> tuple[Part, ...]:
    """File and how it stands, then where the cursor is, and what is under it if that is hidden."""
    hidden = (
        f"U+{ord(character):04X}  "
        if character not in ("", "\t") and in_place(character) != character
        else ""
    )
    right = f"{hidden}{row}:{column} "
    state = f"  {standing.value}  "
    right = right if cell_len(state) + cell_len(right) + _SHORT + 3 <= width else ""
    room = width - cell_len(state) - cell_len(right) - 3
    shown = path if cell_len(path) <= room else path.rpartition("/")[2]
    name = f" {cut(shown, max(_SHORT, room))} "
    gap = width - cell_len(name) - cell_len(state) - cell_len(right)
    return ((name, RAISED), (state, _LOOKS[standing]), (fit("", max(0, gap)), PLAIN), (right, DIM))


def ran_parts(names: Sequence[str]) -> tuple[Part, ...]:
    """Where it ran."""
    text = f"It ran on {' and '.join(names)}: a change here is not applied there, and will show as edited."
    return ((" ! ", WARNING), (text, PLAIN))
