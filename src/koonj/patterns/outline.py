"""Summarize what a migration does, without names and values.

All migrations that a pattern generates must have the same outline.
"""

from dataclasses import dataclass
from functools import lru_cache

from koonj.migrations.migration import Migration
from koonj.sql.script import Script


@dataclass(frozen=True, slots=True)
class Outline:
    """The statements of a migration, and its settings and problems."""

    body: tuple[tuple[object, ...], ...]
    rollback: tuple[tuple[object, ...], ...] | None
    none: bool
    """Whether the file has ``Rollback: none`` or ``Rollback: nothing to undo``."""
    settings: tuple[str, ...]
    problems: tuple[str, ...]


@lru_cache(maxsize=64)
def of(text: str) -> Outline:
    """Return the outline of a migration's text."""
    migration = Migration.from_recorded("001_pattern.sql", text)
    sections = migration.sections
    return Outline(
        body=_statements(sections.body),
        rollback=None if sections.rollback is None else _statements(sections.rollback),
        none=(sections.none_reason or sections.nothing_reason) is not None,
        settings=tuple(f"{setting.name} {setting.value}" for setting in sections.settings),
        problems=tuple(problem.code for problem in migration.problems),
    )


def _statements(script: Script) -> tuple[tuple[object, ...], ...]:
    return tuple((s.verb, s.control, s.refusal, s.copy_data is None) for s in script.statements)
