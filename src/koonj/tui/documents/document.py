"""One migration as the preview shows it: its texts, how it runs, what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem
from koonj.tui.documents.analysis import Analysis, analyze
from koonj.tui.documents.chunks import segments
from koonj.tui.documents.highlighting import LARGE, Highlighting
from koonj.tui.documents.line_index import BLOCK, LineIndex
from koonj.tui.documents.sql_text import SqlText

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
    unlisted: int = 0
    """How many more problems there are."""
    statements: LineIndex | None = None
    """A `StatementLine` each; None: not known yet."""
    known: bool = True
    """False: what is in the text is still to be found."""


def is_quick(migration: Migration) -> bool:
    """Can it be parsed in the thread that paints?"""
    return len(migration.raw) <= _SMALL and migration.raw.count(b";") <= _FEW


def is_large(migration: Migration) -> bool:
    """Is it to be parsed in another process?"""
    return len(migration.raw) > LARGE


def document(
    migration: Migration,
    of_folder: tuple[Problem, ...] = (),
    found: Analysis | None = None,
    colours: Highlighting | None = None,
) -> Document:
    """A migration for the preview; `of_folder` is what is wrong with its name or number.

    Parses its text where nothing was `found` before; see `is_quick`. With no facts, ``Facts()``, the whole
    text is the body. `colours` are those of the whole text.
    """
    found = analyze(migration) if found is None else found
    text = text_of(migration)
    colours = Highlighting(text, segments(text), end=len(text)) if colours is None else colours
    return Document(
        name=migration.name,
        path=migration.shown_path,
        body=SqlText(_before(text, found.rollback_line), colours=colours),
        rollback=_rollback(found),
        mode=found.mode,
        rollback_mode=found.rollback_mode,
        problems=(*of_folder, *found.problems),
        unlisted=found.unlisted,
        statements=None if found.statements is None else LineIndex(found.statements),
        known=found.statements is not None,
    )


def first_colours(migration: Migration) -> Highlighting:
    """Colours of a large text's beginning, as long as it is not known what follows."""
    text = text_of(migration)
    end = min(BLOCK, len(text))
    return Highlighting(text, segments(text[:end]), end=end)


def text_of(migration: Migration) -> str:
    """The text without a byte-order mark."""
    return migration.text.removeprefix("\ufeff")


def _rollback(found: Analysis) -> SqlText | None:
    text = found.rollback
    if text is None:
        return None
    return SqlText(text, found.rollback_first, Highlighting(text, found.rollback_pieces, end=len(text)))


def _before(text: str, line: int | None) -> str:
    """The text above the rollback block, without the blank lines between."""
    if line is None:
        return text
    end = LineIndex(text).start(line - 1)
    while end and text[end - 1].isspace():
        end -= 1
    return text[: end + 1] if text[end : end + 1] == "\n" else text[:end] + "\n"  # one copy: it may be large
