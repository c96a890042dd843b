"""Why there is no verdict on a migration, and how one comes by it."""

from __future__ import annotations

from koonj.humanize import count
from koonj.tui.state.rehearsals import Rehearsals
from koonj.tui.state.snapshot import Row


def unrehearsed(row: Row, rehearsals: Rehearsals, key: str) -> str | None:
    """In sentences; None where there is a verdict. `key` rehearses it now."""
    if row.name in rehearsals.known and row.name != rehearsals.now:
        return None
    if row.migration is None:
        return "There is no file to rehearse."
    if row.name == rehearsals.now:
        return "It is being rehearsed: up, down and up again, on a scratch database."
    if row.name in rehearsals.waiting:
        return f"It will be rehearsed in a moment; {count(len(rehearsals.waiting), 'migration')} to go."
    if rehearsals.trouble:
        return f"It could not be rehearsed: {rehearsals.trouble} {key} tries again."
    return (
        f"It was not rehearsed. {key} does it now: up, down and up again on a scratch database. That shows "
        "the locks that it takes, and whether its rollback works."
    )
