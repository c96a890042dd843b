"""Read the rollback block: comments from ``-- Rollback:`` to the end of the file."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from koonj.sql.markers import Mark, MarkPlace
from koonj.sql.problem import Problem, Severity
from koonj.sql.script import Script
from koonj.sql.settings import misplaced_setting
from koonj.sql.source import Source, line_and_column
from koonj.sql.tokens import BLANKS


@dataclass(frozen=True)
class RollbackBlock:
    """The content of the rollback block."""

    line: int | None = None
    """The line of ``-- Rollback:``, 1-based."""
    script: Script | None = None
    none_reason: str | None = None
    nothing_reason: str | None = None
    problems: tuple[Problem, ...] = ()


NO_BLOCK = RollbackBlock()


@dataclass(slots=True)
class _Lines:
    """The block's lines without their comment prefix."""

    texts: list[str] = field(default_factory=list)
    """The lines with their line ends."""
    prefixes: list[int] = field(default_factory=list)
    """The number of characters before each line's text in the file."""

    def add(self, content: str, end: str, prefix: int) -> None:
        """Append a line."""
        if not content and end == "\n" and self.texts and self.texts[-1].endswith("\r"):
            content = " "  # otherwise \r and \n of two lines would become one line end
        self.texts.append(content + end)
        self.prefixes.append(prefix)


def read_rollback(source: Source, mark: Mark) -> RollbackBlock:
    """Read the block that starts at `mark`."""
    first = _blanks().match(source.text, mark.end).end()  # type: ignore[union-attr] # also matches ""
    line, column = line_and_column(source, first)
    lines = _Lines()
    problems = list(_read(source, first, lines))
    declared = _declaration().match(lines.texts[0])
    if declared:
        reason = _reason([declared["reason"], *lines.texts[1:]])
        if not reason:
            problems.append(_problem("no-reason", (line, column)))
        if declared["none"] or not reason:
            return RollbackBlock(line, None, reason or None, None, tuple(problems))
        nothing = Script.of_rollback("", first_line=line, prefixes=[0])
        return RollbackBlock(line, nothing, None, reason, tuple(problems))
    skipped = 0 if lines.texts[0].strip(BLANKS) else 1  # skip the line if only the colon is on it
    script = Script.of_rollback(
        "".join(lines.texts[skipped:]), first_line=line + skipped, prefixes=lines.prefixes[skipped:]
    )
    return RollbackBlock(line, script, problems=tuple(problems))


def _read(source: Source, first: int, lines: _Lines) -> Iterator[Problem]:
    """Fill `lines` from the offset after the colon; yield problems on the way."""
    number, column = line_and_column(source, first)
    prefix, foreign_lines = column - 1, 0
    for found in _line().finditer(source.text, first):
        content = found["content"]
        if found.start() == first:
            content = (found["mark"] or "") + content
        else:
            prefix = len(found["mark"] or "")
        if found["mark"] is not None or found.start() == first:
            yield from _inner_marks(content, number, prefix)
        elif content.strip(BLANKS):
            foreign_lines += 1
            if foreign_lines == 1:
                yield _foreign_line(content, number)
            content = ""
        lines.add(content, found["end"], prefix)
        number += 1
        if not found["end"]:
            break


def _inner_marks(content: str, line: int, prefix: int) -> Iterator[Problem]:
    """Yield a problem for a mark that is not allowed inside the block."""
    found = _inner().match(content)
    if found is None:
        return
    column = prefix + found.start(1) + 1
    if found[1].lower() == "koonj":
        yield misplaced_setting(line, column)
    else:
        yield _problem("second-rollback", (line, column))


def _foreign_line(content: str, line: int) -> Problem:
    column = len(content) - len(content.lstrip(BLANKS)) + 1
    in_comment = content.lstrip(BLANKS).startswith("/*")
    return _problem("rollback-block-comment" if in_comment else "statements-after-rollback", (line, column))


def _reason(lines: Iterable[str]) -> str:
    """Return the reason, which can continue over several lines up to an empty one."""
    words: list[str] = []
    for number, line in enumerate(lines):
        if number and not line.strip(BLANKS):
            break
        words += line.split()
    return " ".join(words)


def misplaced(source: Source, marks: Iterable[Mark]) -> Iterator[Problem]:
    """Yield problems for comments that look like a rollback block but are not."""
    for mark in marks:
        place = line_and_column(source, mark.start)
        if mark.word == "/*":
            yield _problem("rollback-block-comment", place)
        elif mark.word == "rollback" and mark.place is MarkPlace.INSIDE:
            yield _problem("rollback-inside-statement", place)
        elif mark.word == "rollback":
            yield _problem("misplaced-rollback", place)


def nearly_rollback(source: Source) -> Iterator[Problem]:
    """Yield a problem for a comment that was perhaps meant to start the block.

    Use it for a file without a rollback block.
    """
    found = _nearly().search(source.text)
    if found is not None:
        yield _problem("nearly-rollback", line_and_column(source, found.start(1)))


def _problem(code: str, at: tuple[int, int]) -> Problem:
    severity, message, hint = _PROBLEMS[code]
    return Problem(code, severity, message, hint, *at)


_PROBLEMS = {
    "no-reason": (
        Severity.ERROR,
        "The file declares that it has no rollback or nothing to undo, but gives no reason.",
        "Write '-- Rollback: none: <reason>' or '-- Rollback: nothing to undo: <reason>'.",
    ),
    "second-rollback": (
        Severity.ERROR,
        "The rollback block contains a second '-- Rollback:'.",
        "Keep only one. The block continues to the end of the file.",
    ),
    "statements-after-rollback": (
        Severity.ERROR,
        "This line is after '-- Rollback:', but it is not a comment.",
        "Move it before '-- Rollback:', or write '-- ' before it if it belongs to the rollback.",
    ),
    "rollback-block-comment": (
        Severity.ERROR,
        "koonj does not read a rollback in a /* */ comment, because the first */ in it ends the comment.",
        "Write '-- Rollback:' and '-- ' before each line of the rollback.",
    ),
    "rollback-inside-statement": (
        Severity.WARNING,
        "This '-- Rollback:' is inside a statement, so it does not start a rollback block.",
        "If it should, write ';' at the end of the statement before it.",
    ),
    "misplaced-rollback": (
        Severity.ERROR,
        "'-- Rollback:' is on the line of a statement, so it does not start a rollback block.",
        "Move it to a separate line.",
    ),
    "nearly-rollback": (
        Severity.WARNING,
        "This line does not start a rollback block.",
        "If it should, write '-- Rollback:'.",
    ),
}


@cache
def _blanks() -> re.Pattern[str]:
    return re.compile(r"[ \t]*")


@cache
def _declaration() -> re.Pattern[str]:
    words = r"(?:(?P<none>none)|nothing[ \t]+to[ \t]+undo)"
    return re.compile(rf"{words}\b[ \t]*[:,;-]?[ \t]*(?P<reason>.*)", re.IGNORECASE)


@cache
def _line() -> re.Pattern[str]:
    return re.compile(r"(?P<mark>[ \t]*-- ?)?(?P<content>[^\r\n]*)(?P<end>\r\n|\n|\r|\Z)")


@cache
def _inner() -> re.Pattern[str]:
    return re.compile(r"[ \t]*(rollback|koonj)[ \t]*:", re.IGNORECASE)


@cache
def _nearly() -> re.Pattern[str]:
    return re.compile(
        r"^[ \t]*(--[ \t]*(?:roll[ -]?back|revert|down)"
        r"(?:[ \t]+(?:script|migration|section|sql|part))?[ \t]*[:-]*[ \t]*\r?)$",
        re.IGNORECASE | re.MULTILINE,
    )
