"""The rollback block: the comment lines from ``-- Rollback:`` to the end of the file."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from koonj.sql.marks import Mark, MarkPlace
from koonj.sql.place import line_and_column
from koonj.sql.problem import Problem, Severity
from koonj.sql.script import Script
from koonj.sql.settings import misplaced_setting
from koonj.sql.source import Source
from koonj.sql.tokens import BLANKS


@dataclass(frozen=True)
class RollbackBlock:
    """What the block says."""

    line: int | None = None
    """Of ``-- Rollback:``, 1-based."""
    script: Script | None = None
    none_reason: str | None = None
    problems: tuple[Problem, ...] = ()


NO_BLOCK = RollbackBlock()


@dataclass(slots=True)
class _Lines:
    """The block's lines without their comment marks."""

    texts: list[str] = field(default_factory=list)
    """With their line ends."""
    prefixes: list[int] = field(default_factory=list)
    """How many characters stand before each in the file."""

    def add(self, content: str, end: str, prefix: int) -> None:
        """One more line."""
        if not content and end == "\n" and self.texts and self.texts[-1].endswith("\r"):
            content = " "  # or \r and \n of two lines would become one line end
        self.texts.append(content + end)
        self.prefixes.append(prefix)


def read_rollback(source: Source, mark: Mark) -> RollbackBlock:
    """Read the block that `mark` begins."""
    first = _blanks().match(source.text, mark.end).end()  # type: ignore[union-attr] # it matches nothing too
    line, column = line_and_column(source, first)
    lines = _Lines()
    problems = list(_read(source, first, lines))
    none = _none().match(lines.texts[0])
    if none:
        reason = _reason([none["reason"], *lines.texts[1:]])
        if not reason:
            problems.append(_problem("no-reason", (line, column)))
        return RollbackBlock(line, None, reason or None, tuple(problems))
    skipped = 0 if lines.texts[0].strip(BLANKS) else 1  # nothing stands behind the colon
    script = Script.of_rollback(
        "".join(lines.texts[skipped:]), first_line=line + skipped, prefixes=lines.prefixes[skipped:]
    )
    return RollbackBlock(line, script, None, tuple(problems))


def _read(source: Source, first: int, lines: _Lines) -> Iterator[Problem]:
    """Fill `lines` from the offset behind the colon on; what does not belong into the block is a problem."""
    number, column = line_and_column(source, first)
    prefix, strangers = column - 1, 0
    for found in _line().finditer(source.text, first):
        content = found["content"]
        if found.start() == first:
            content = (found["mark"] or "") + content
        else:
            prefix = len(found["mark"] or "")
        if found["mark"] is not None or found.start() == first:
            yield from _inner_marks(content, number, prefix)
        elif content.strip(BLANKS):
            strangers += 1
            if strangers == 1:
                yield _stranger(content, number)
            content = ""
        lines.add(content, found["end"], prefix)
        number += 1
        if not found["end"]:
            break


def _inner_marks(content: str, line: int, prefix: int) -> Iterator[Problem]:
    """Marks that cannot stand inside the block."""
    found = _inner().match(content)
    if found is None:
        return
    column = prefix + found.start(1) + 1
    if found[1].lower() == "koonj":
        yield misplaced_setting(line, column)
    else:
        yield _problem("second-rollback", (line, column))


def _stranger(content: str, line: int) -> Problem:
    column = len(content) - len(content.lstrip(BLANKS)) + 1
    in_comment = content.lstrip(BLANKS).startswith("/*")
    return _problem("rollback-block-comment" if in_comment else "statements-after-rollback", (line, column))


def _reason(lines: Iterable[str]) -> str:
    """The reason, which may go on over several comment lines up to an empty one."""
    words: list[str] = []
    for number, line in enumerate(lines):
        if number and not line.strip(BLANKS):
            break
        words += line.split()
    return " ".join(words)


def misplaced(source: Source, marks: Iterable[Mark]) -> Iterator[Problem]:
    """What looks like a rollback block and is none."""
    for mark in marks:
        place = line_and_column(source, mark.start)
        if mark.word == "/*":
            yield _problem("rollback-block-comment", place)
        elif mark.word == "rollback" and mark.place is MarkPlace.INSIDE:
            yield _problem("rollback-inside-statement", place)
        elif mark.word == "rollback":
            yield _problem("misplaced-rollback", place)


def nearly_rollback(source: Source) -> Iterator[Problem]:
    """A comment line that was perhaps meant to begin the block; for a file that has none."""
    found = _nearly().search(source.text)
    if found is not None:
        yield _problem("nearly-rollback", line_and_column(source, found.start(1)))


def _problem(code: str, at: tuple[int, int]) -> Problem:
    severity, message, hint = _PROBLEMS[code]
    return Problem(code, severity, message, hint, *at)


_PROBLEMS = {
    "no-reason": (
        Severity.ERROR,
        "The file says that there is no way back, but not why.",
        "Write '-- Rollback: none: <reason>'.",
    ),
    "second-rollback": (
        Severity.ERROR,
        "A second '-- Rollback:' stands in the rollback block.",
        "Keep one: the block goes on to the end of the file.",
    ),
    "statements-after-rollback": (
        Severity.ERROR,
        "This follows the rollback block, which goes on to the end of the file.",
        "Put it before '-- Rollback:', or behind '-- ' if it belongs to the rollback.",
    ),
    "rollback-block-comment": (
        Severity.ERROR,
        "A rollback in a /* */ comment is not read: the first */ in it would end it.",
        "Write '-- Rollback:' and put '-- ' before each of its lines.",
    ),
    "rollback-inside-statement": (
        Severity.WARNING,
        "This '-- Rollback:' stands inside a statement, so it does not begin a rollback block.",
        "If it should, end the statement before it with ';'.",
    ),
    "misplaced-rollback": (
        Severity.ERROR,
        "'-- Rollback:' stands on the line of a statement, so it does not begin a rollback block.",
        "Put it on a line of its own.",
    ),
    "nearly-rollback": (
        Severity.WARNING,
        "This line does not begin a rollback block.",
        "If it should, write '-- Rollback:'.",
    ),
}


@cache
def _blanks() -> re.Pattern[str]:
    return re.compile(r"[ \t]*")


@cache
def _none() -> re.Pattern[str]:
    return re.compile(r"none\b[ \t]*[:,;-]?[ \t]*(?P<reason>.*)", re.IGNORECASE)


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
