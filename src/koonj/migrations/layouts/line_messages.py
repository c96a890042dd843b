"""Messages of tools that end a statement at a line that ends with a semicolon: goose and sql-migrate.

These tools do not know quotes, so a statement can be in two messages, or two statements in one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from koonj.migrations.layouts.tool_problem import tool_error
from koonj.migrations.layouts.tool_shape import Runs
from koonj.sql.problem import Problem
from koonj.sql.script import Script
from koonj.sql.source import Source

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_MAYBE_OPEN = re.compile(r"\$|/\*|\batomic\b", re.IGNORECASE)
_TOOLS = {"+goose": "goose", "+migrate": "sql-migrate"}


@dataclass(frozen=True, slots=True)
class Message:
    """What a tool sends at once: offsets in the text of the file."""

    start: int
    end: int
    """After the last line."""
    is_block: bool
    """Between the markers StatementBegin and StatementEnd, where the tool looks for no semicolon."""


def lines_of(text: str) -> Iterator[tuple[int, str]]:
    r"""Yield (offset, line without its end ``\n`` or ``\r\n``), as bufio.ScanLines of Go does."""
    for found in _LINE.finditer(text):
        yield found.start(), found[0].removesuffix("\n").removesuffix("\r")


def ends_statement(line: str) -> bool:
    """Return whether the last word before a word with ``--`` at its start ends with a semicolon."""
    last = ""
    for word in line.split():
        if word.startswith("--"):
            break
        last = word
    return last.endswith(";")


def how_it_runs(
    text: str, messages: Sequence[Message], marker: str, *, in_transaction: bool
) -> tuple[Runs, Problem | None]:
    """Return how a tool runs its messages, and why koonj cannot run them in that way, if it cannot.

    `marker`: the word with which the tool's markers start: ``+goose``.
    """
    if not messages or (in_transaction and not any(_needs_parsing(text, one) for one in messages)):
        return Runs.TRANSACTION if in_transaction else Runs.STATEMENTS, None
    first = messages[0].start
    statements = Script(text[first : messages[-1].end]).statements
    starts = [first + statement.start for statement in statements]
    for message in messages:
        before = bisect_left(starts, message.end) - 1
        if before >= 0 and message.end < first + statements[before].end:
            return Runs.TRANSACTION, _ends_inside(text, message, marker)
    if in_transaction:
        return Runs.TRANSACTION, None
    if len(messages) == 1 and len(starts) > 1:
        return Runs.ONE_QUERY, None
    for message in messages:
        if bisect_left(starts, message.end) - bisect_left(starts, message.start) > 1:
            return Runs.STATEMENTS, _several(text, message, marker)
    return Runs.STATEMENTS, None


def _needs_parsing(text: str, message: Message) -> bool:
    """Return whether a statement might be open at the end of a message."""
    sent = text[message.start : message.end]
    if message.is_block:
        return not sent.rstrip().endswith(";")
    return (
        sent.count("'") % 2 == 1
        or sent.count('"') % 2 == 1
        or sent.count("(") != sent.count(")")
        or _MAYBE_OPEN.search(sent) is not None
    )


def _ends_inside(text: str, message: Message, marker: str) -> Problem:
    if message.is_block:
        return problem_at(
            text,
            _last_line(text, message),
            "This statement has no semicolon at its end, so koonj reads the next statement as a part of it.",
            f"Write a semicolon above '-- {marker} StatementEnd'.",
        )
    return problem_at(
        text,
        _last_line(text, message),
        f"{_TOOLS[marker]} ends the statement at this line, because its last word ends with a semicolon. "
        "The statement is not complete there.",
        f"Write '-- {marker} StatementBegin' above the statement, and '-- {marker} StatementEnd' below it.",
    )


def _several(text: str, message: Message, marker: str) -> Problem:
    return problem_at(
        text,
        message.start,
        f"{_TOOLS[marker]} sends the statements that start here as one message, and others after or before "
        "it. koonj cannot run them in that way yet.",
        "Write each statement on its own lines, and between its own markers.",
    )


def _last_line(text: str, message: Message) -> int:
    return len(text[: message.end].rstrip())


def problem_at(text: str, offset: int, message: str, hint: str) -> Problem:
    """Return the problem of a file that a tool refuses, or that koonj cannot run as the tool does."""
    line, _ = Source(text).line_and_column(min(offset, len(text)))
    return tool_error(message, hint, line, 1)
