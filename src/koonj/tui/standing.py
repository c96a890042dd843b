"""What a target says of one migration, in words."""

from __future__ import annotations

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
    return "\n".join(part for part in (_act(entry.act), entry.note) if part)


def _act(act: Act) -> str:
    when = (act.finished or act.started).astimezone().strftime("%Y-%m-%d %H:%M")
    who = f"by {act.os_user}@{act.host} as {act.database_role}"
    if act.outcome is Outcome.DONE:
        return f"{_DONE[act.action]} {when} {who}"
    verb = "apply" if act.action is Action.APPLY else "rollback"
    done = f", {act.statements_done} of {act.statements_total} statements done"
    steps = done if act.statements_done else ""
    if act.outcome is Outcome.STARTED:
        return f"{verb} started {when} {who}{steps}"
    code = f" {act.sqlstate}" if act.sqlstate else ""
    return f"{verb} failed {when} {who}{steps}:{code} {' '.join((act.error or '').split())}"
