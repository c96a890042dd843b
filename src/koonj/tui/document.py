"""One migration as the preview shows it: its texts, how it runs, what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem
from koonj.tui.facts import Facts, facts
from koonj.tui.sql_text import SqlText

_SMALL, _FEW = 32_768, 100
"""Bytes and semicolons that are parsed in less than half a frame."""


@dataclass(frozen=True, slots=True)
class Document:
    """What the preview draws of one migration."""

    name: str
    path: str
    body: SqlText
    rollback: SqlText | None
    """None: there is no way back."""
    mode: str
    """How the body runs, in words."""
    rollback_mode: str
    """How the rollback runs; why there is none."""
    problems: tuple[Problem, ...]


def is_quick(migration: Migration) -> bool:
    """Can it be parsed in the thread that paints?"""
    return len(migration.raw) <= _SMALL and migration.raw.count(b";") <= _FEW


def document(
    migration: Migration, of_folder: tuple[Problem, ...] = (), found: Facts | None = None
) -> Document:
    """A migration for the preview; `of_folder` is what is wrong with its name or number.

    Parses its text where nothing was `found` before; see `is_quick`. With no facts, ``Facts()``, the whole
    text is the body.
    """
    found = facts(migration) if found is None else found
    first = found.rollback_first
    made = Document(
        name=migration.name,
        path=migration.shown_path,
        body=SqlText(_before(migration.text, found.rollback_line)),
        rollback=None if found.rollback is None else SqlText(found.rollback, first_line=first),
        mode=found.mode,
        rollback_mode=found.rollback_mode,
        problems=(*of_folder, *found.problems),
    )
    for text in filter(None, (made.body, made.rollback)):
        text.measure()
    return made


def _before(text: str, line: int | None) -> str:
    """The text above the rollback block, without the blank lines between."""
    text = text.removeprefix("\ufeff")
    if line is None:
        return text
    kept = SqlText(text)
    return kept.above(line).rstrip() + "\n"
