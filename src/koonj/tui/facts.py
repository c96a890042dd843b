"""What koonj finds in a migration's text, for the preview: how it runs, its rollback, its problems."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem, Severity

READING = "reading how it runs"


@dataclass(frozen=True, slots=True)
class Facts:
    """Plain values, so that they can come from another process."""

    mode: str = READING
    """How the body runs, in words."""
    rollback_mode: str = READING
    """How the rollback runs; why there is none."""
    rollback: str | None = None
    """The rollback's text without its comment marks; None: there is no way back."""
    rollback_line: int | None = None
    """The line of the file with ``-- Rollback:``."""
    rollback_first: int = 1
    """The line of the file where `rollback` begins."""
    problems: tuple[Problem, ...] = ()

    def to_json(self) -> str:
        """All of it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str | bytes) -> Facts:
        """What `to_json` gave."""
        values = json.loads(text)
        problems = (Problem(**{**p, "severity": Severity(p["severity"])}) for p in values.pop("problems"))
        return cls(**values, problems=tuple(problems))


def facts(migration: Migration) -> Facts:
    """Parse the whole text: of a large one, neither in the thread that paints nor in its process."""
    sections, shape = migration.sections, migration.rollback_shape
    script = sections.rollback
    none = f"No rollback: {sections.none_reason}" if sections.none_reason else "The file has no rollback."
    return Facts(
        mode=migration.shape.explanation,
        rollback_mode=shape.explanation if shape else none,
        rollback=script.source.text if script else None,
        rollback_line=sections.rollback_line,
        rollback_first=script.first_line if script else 1,
        problems=migration.problems,
    )
