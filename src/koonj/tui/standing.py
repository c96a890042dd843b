"""What a target says of one migration, in words."""

from __future__ import annotations

from koonj.humanize import to_the_minute
from koonj.migrations.act import Act, Action, Outcome
from koonj.tui.model import Row

_DONE = {
    Action.APPLY: "applied",
    Action.ROLLBACK: "rolled back",
    Action.ADOPT: "adopted",
    Action.ACCEPT: "accepted",
}


def standing(row: Row) -> str:
    """When and by whom the act that decides its state was done, or how it failed; empty: there is none."""
    entry = row.entry
    if entry is None or entry.act is None:
        return entry.note if entry else ""
    return "\n".join(part for part in (act_words(entry.act), entry.note or _error(entry.act)) if part)


def act_words(act: Act) -> str:
    """``applied 2026-08-01 14:03 by ada@bastion as migrator``."""
    when = to_the_minute(act.finished or act.started)
    who = f"by {act.os_user}@{act.host} as {act.database_role}"
    if act.outcome is Outcome.DONE:
        return f"{_DONE[act.action]} {when} {who}"
    verb = "apply" if act.action is Action.APPLY else "rollback"
    ended = "started" if act.outcome is Outcome.STARTED else "failed"
    return f"{verb} {ended} {when} {who}"


def _error(act: Act) -> str:
    return " ".join(f"{act.sqlstate or ''} {act.error or ''}".split())
