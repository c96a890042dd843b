"""Return a target's status in the JSON form that docs/json.md documents."""

from typing import Any

from koonj.cli.interruption_shape import interruption_shape
from koonj.cli.shapes import problem_shape
from koonj.cli.status_text import INTERRUPTIBLE, UNKNOWN
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.state_rules import counts
from koonj.runner.run.codec import to_plain
from koonj.runner.target.status import TargetStatus


def status_shape(status: TargetStatus, folder: Folder) -> dict[str, Any]:
    """Return the JSON report of `koonj status`.

    If the target could not be read, values are null and states are ``unknown``.
    """
    return {
        "target": {"name": status.target, "dsn": status.dsn, "protected": status.protected},
        **_facts(status),
        "migrations": (
            [_migration(migration, status) for migration in status.migrations]
            if status.is_known
            else [_unknown(m) for m in folder.migrations]
        ),
        **_rest(status),
        "folder": folder_shape(folder),
        "layout": layout_shape(folder, status.tool_history),
    }


def target_shape(status: TargetStatus) -> dict[str, Any]:
    """Return the JSON form of what is known of a target, without its migrations."""
    return {
        "name": status.target,
        "dsn": status.dsn,
        "protected": status.protected,
        **_facts(status),
        **_rest(status),
    }


def folder_shape(folder: Folder) -> dict[str, Any]:
    """Return the JSON form of the folder, without its migrations."""
    return {
        "path": folder.shown_path,
        "other_files": folder.other_files,
        "problems": [problem_shape(name, name, problem) for name, problem in folder.problems],
    }


def layout_shape(folder: Folder, place: str) -> dict[str, Any] | None:
    """Return the JSON form of the tool that the folder belongs to; None if it is koonj's own.

    `place`: the table from which the states were read.
    """
    if folder.layout is None:
        return None
    return {
        "name": folder.layout.name,
        "evidence": folder.layout.evidence,
        "history": place or None,
        "read_only": folder.why_not_run is not None,
    }


def _facts(status: TargetStatus) -> dict[str, Any]:
    known, tally = status.is_known, status.tally
    return {
        "server": to_plain(status.server),
        "warnings": list(status.warnings),
        "error": None if known else {"message": status.error, "hint": status.hint},
        "has_history": status.has_history if known else None,
        "running": _running(status),
        "applied": tally.applied if known else None,
        "pending": tally.pending if known else None,
        "conflicts": tally.conflicts if known else None,
        "counts": {state.value: n for state, n in counts(status.migrations).items()} if known else None,
    }


def _rest(status: TargetStatus) -> dict[str, Any]:
    known = status.is_known
    return {
        "needs_decision": [migration.name for migration in status.problems] if known else None,
        "leftovers": (
            [
                {**to_plain(leftover), "problem": leftover.problem, "repair": leftover.repair}
                for leftover in status.leftovers
            ]
            if known
            else None
        ),
    }


def _running(status: TargetStatus) -> dict[str, Any] | None:
    if status.running is None:
        return None
    silence = {"silence": list(status.silence)}
    return {**to_plain(status.running), **to_plain(status.holder_state), **silence}


def _migration(status: MigrationStatus, of: TargetStatus) -> dict[str, Any]:
    return {
        "number": status.number,
        "name": status.name,
        "path": status.migration.shown_path if status.migration else None,
        **state_shape(status, of),
    }


def state_shape(status: MigrationStatus, of: TargetStatus) -> dict[str, Any]:
    """Return the JSON form of the state of a migration on the target `of`."""
    entry, interruption = status.last_entry, None
    if status.state in INTERRUPTIBLE and status.name in of.interruptions:
        interruption = interruption_shape(of.interruptions[status.name], status, of.target_option)
    return {
        "state": status.state.value,
        "applied": status.applied,
        "allowed": status.allowed,
        "note": status.note,
        "interruption": interruption,
        "last_entry": None
        if entry is None
        else {
            "id": entry.id,
            "action": entry.action.value,
            "outcome": entry.outcome.value,
            "started": entry.started.isoformat(),
            "finished": to_plain(entry.finished),
        },
    }


def _unknown(migration: Migration) -> dict[str, Any]:
    return {
        "number": migration.number,
        "name": migration.name,
        "path": migration.shown_path,
        **no_state_shape(UNKNOWN),
    }


def no_state_shape(word: str) -> dict[str, Any]:
    """Return the JSON form of the state of a migration that has none on a target, with `word` for it."""
    return {
        "state": word,
        "applied": None,
        "allowed": None,
        "note": "",
        "interruption": None,
        "last_entry": None,
    }
