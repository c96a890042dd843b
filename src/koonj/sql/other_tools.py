"""Recognize files of other migration tools."""

import re
from functools import cache
from typing import NamedTuple

from koonj.sql.problem import Problem, Severity
from koonj.sql.source import Source, line_and_column


class _Tool(NamedTuple):
    name: str
    marker: str
    """A regular expression for a whole comment line, or for its start, without the first ``--``."""
    both_ways: bool
    """Whether the file has both scripts, apply and undo, so that psql would run both."""


_TOOLS = (
    _Tool("dbmate", r"[ \t]*migrate:(?:up|down)\b", both_ways=True),
    _Tool(
        "goose",
        r"[ \t]*\+goose[ \t]+(?:up|down|statementbegin|statementend|no[ \t]+transaction|envsub)\b",
        both_ways=True,
    ),
    _Tool("sql-migrate", r"[ \t]*\+migrate[ \t]+(?:up|down)\b", both_ways=True),
    _Tool("tern", r"--[ \t]*create above / drop below[ \t]*----", both_ways=True),
    _Tool("tern", r"--[ \t]*tern:", both_ways=False),
    _Tool("Liquibase", r"[ \t]*liquibase[ \t]+formatted[ \t]+sql\b", both_ways=False),
    _Tool("Liquibase", r"[ \t]*changeset[ \t]+[^\s:]+:\S", both_ways=False),
    _Tool("node-pg-migrate", r"[ \t]*(?:up|down)[ \t]+migration[ \t]*$", both_ways=True),
    _Tool("sqitch", r"[ \t]*(?:deploy|revert|verify)[ \t]+\S+:\S+[ \t]+to[ \t]+\S+", both_ways=False),
    _Tool("Atlas", r"[ \t]*atlas:(?:txmode|delimiter|checkpoint|txtar|import)\b", both_ways=False),
    _Tool(
        "graphile-migrate",
        r"![ \t]*(?:previous|hash|message|split|include)\b",
        both_ways=False,
    ),
)


def other_tool(text: str) -> Problem | None:
    """Return the problem of a file with another tool's marker; None if it has none.

    The marker must be on a separate line.
    """
    if "--" not in text:
        return None
    found = _markers().search(text)
    if found is None:
        return None
    tool = _TOOLS[int((found.lastgroup or "t0")[1:])]
    line, column = line_and_column(Source(text), found.start())
    message = f"This is a migration file of {tool.name}."
    if tool.both_ways:
        message = f"This is a migration file of {tool.name}. psql would run its up and its down script."
    hint = "Keep the up script. Move the down script after '-- Rollback:', with '-- ' before each line."
    if not tool.both_ways:
        hint = f"Remove the {tool.name} markers to use the file with koonj, or move it to another folder."
    return Problem("other-tool", Severity.ERROR, message, hint, line, column)


@cache
def _markers() -> re.Pattern[str]:
    """Return one pattern for all markers, each in the group of its number."""
    alternatives = "|".join(f"(?P<t{number}>{tool.marker})" for number, tool in enumerate(_TOOLS))
    # re finds a text at the start of a pattern fast, so the start of the line is checked after it.
    line_start = r"(?:(?<=^--)|(?<=\r--)|(?<=^\ufeff--))"
    return re.compile(rf"--{line_start}(?:{alternatives})", re.IGNORECASE | re.MULTILINE)
