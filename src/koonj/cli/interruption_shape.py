"""Return what is known of an interruption in the JSON form that docs/json.md documents."""

from __future__ import annotations

from typing import Any

from koonj.migrations.migration_status import MigrationStatus
from koonj.runner.evidence.interruption import Interruption
from koonj.runner.evidence.interruption_wording import interruption_lines
from koonj.runner.run.codec import to_plain


def interruption_shape(interruption: Interruption, status: MigrationStatus, option: str) -> dict[str, Any]:
    """Return the JSON form of what is known of an interruption."""
    return {
        "running": interruption.is_running,
        "pid": interruption.pid,
        "statement": interruption.statement or None,
        "of": interruption.entry.statements_total,
        "at_least_done": interruption.entry.statements_done,
        "known_done": None if interruption.repair else interruption.known_done,
        "evidence": to_plain(interruption.evidence),
        "sentences": list(interruption_lines(interruption, status, option)),
    }
