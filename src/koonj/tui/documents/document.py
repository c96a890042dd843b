"""A migration as the preview shows it: its texts, how they commit, its problems."""

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
"""Number of bytes and of semicolons that are parsed in less than half a frame."""


@dataclass(frozen=True, slots=True)
class Document:
    """Content of the preview for one migration."""

    name: str
    path: str
    body: SqlText
    rollback: SqlText | None
    """None if there is no rollback."""
    mode: str
    """How the statements of the body commit, in words."""
    rollback_mode: str
    """How the statements of the rollback commit, or why there is no rollback."""
    problems: tuple[Problem, ...]
    more_problems: int = 0
    """Number of problems that are not in `problems`."""
    statements: LineIndex | None = None
    """JSON of one `StatementLine` in each line; None while the analysis is not complete."""
    is_analyzed: bool = True
    """Whether the analysis is complete."""
    has_rollback_file: bool = False
    """Whether the rollback is in a file of its own, whose lines count from 1 again."""
    first_line: int = 1
    """The line of the file where the migration starts: not 1 if the file has others, too."""


def is_small(migration: Migration) -> bool:
    """Return whether a migration can be parsed in the thread that paints."""
    return len(migration.raw) <= _SMALL and migration.raw.count(b";") <= _FEW


def is_large(migration: Migration) -> bool:
    """Return whether a migration must be parsed in another process."""
    return len(migration.raw) > LARGE


def make_document(
    migration: Migration,
    folder_problems: tuple[Problem, ...] = (),
    analysis: Analysis | None = None,
    highlighting: Highlighting | None = None,
) -> Document:
    """Return the preview's content for a migration.

    `folder_problems` are the problems of its name or number. Without an `analysis` the text is parsed here;
    see `is_small`. With an empty one, ``Analysis()``, the whole text is shown as the body. `highlighting` is
    that of the whole text.
    """
    analysis = analyze(migration) if analysis is None else analysis
    text = text_without_bom(migration)
    highlighting = Highlighting(text, segments(text), end=len(text)) if highlighting is None else highlighting
    return Document(
        name=migration.name,
        path=migration.shown_path,
        body=SqlText(_text_above(text, analysis.rollback_line), highlighting=highlighting),
        rollback=_rollback(analysis),
        mode=analysis.mode,
        rollback_mode=analysis.rollback_mode,
        problems=(*folder_problems, *analysis.problems),
        more_problems=analysis.more_problems,
        statements=None if analysis.statements is None else LineIndex(analysis.statements),
        is_analyzed=analysis.statements is not None,
        has_rollback_file=migration.has_rollback_file,
        first_line=migration.text.count("\n", 0, migration.own_text[0]) + 1,
    )


def highlighting_of_start(migration: Migration) -> Highlighting:
    """Return the highlighting of a large text's first block.

    It is used until the segments of the text are known.
    """
    text = text_without_bom(migration)
    end = min(BLOCK, len(text))
    return Highlighting(text, segments(text[:end]), end=end)


def text_without_bom(migration: Migration) -> str:
    """Return the text of a migration without a byte-order mark."""
    return migration.text.removeprefix("\ufeff")


def _rollback(found: Analysis) -> SqlText | None:
    text = found.rollback
    if text is None:
        return None
    return SqlText(
        text, found.rollback_first_line, Highlighting(text, found.rollback_segments, end=len(text))
    )


def _text_above(text: str, line: int | None) -> str:
    """Return the text above line `line` (1-based), or all of it if `line` is None.

    Blank lines at its end are removed.
    """
    if line is None:
        return text
    end = LineIndex(text).start(line - 1)
    while end and text[end - 1].isspace():
        end -= 1
    return (
        text[: end + 1] if text[end : end + 1] == "\n" else text[:end] + "\n"
    )  # copies only once: the text can be large
