"""A target's status as JSON: docs/json.md."""

from typing import Any

from koonj.cli.shapes import problem_shape
from koonj.cli.status_text import UNKNOWN
from koonj.migrations.entry import Entry
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.state import counts
from koonj.runner.plain import plain
from koonj.runner.status import TargetStatus


def status_shape(status: TargetStatus, folder: Folder) -> dict[str, Any]:
    """What is not known is null, and its state ``unknown``."""
    known = status.known
    return {
        "target": {"name": status.target, "dsn": status.dsn, "protected": status.protected},
        "server": plain(status.server),
        "error": None if known else {"message": status.error, "hint": status.hint},
        "has_history": status.has_history if known else None,
        "running": plain(status.running),
        "applied": status.applied if known else None,
        "pending": status.pending if known else None,
        "counts": {state.value: n for state, n in counts(status.entries).items()} if known else None,
        "migrations": (
            [_entry(entry) for entry in status.entries] if known else [_unknown(m) for m in folder.migrations]
        ),
        "needs_decision": [entry.name for entry in status.problems] if known else None,
        "folder": {
            "path": folder.shown_path,
            "others": folder.others,
            "problems": [problem_shape(name, name, problem) for name, problem in folder.problems],
        },
    }


def _entry(entry: Entry) -> dict[str, Any]:
    act = entry.act
    return {
        "number": entry.number,
        "name": entry.name,
        "path": entry.migration.shown_path if entry.migration else None,
        "state": entry.state.value,
        "applied": entry.applied,
        "accepted": entry.accepted,
        "note": entry.note,
        "last_act": None
        if act is None
        else {
            "id": act.id,
            "action": act.action.value,
            "outcome": act.outcome.value,
            "started": act.started.isoformat(),
            "finished": plain(act.finished),
        },
    }


def _unknown(migration: Migration) -> dict[str, Any]:
    return {
        "number": migration.number,
        "name": migration.name,
        "path": migration.shown_path,
        "state": UNKNOWN,
        "applied": None,
        "accepted": None,
        "note": "",
        "last_act": None,
    }
