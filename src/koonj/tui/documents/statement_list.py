"""List the statements of a file: summary, line number, transaction.

The list is one text with one line of JSON for each statement. A large file has a hundred thousand statements,
and one text is quick to send from another process and to keep. A line is parsed when it is drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from enum import StrEnum

from koonj.humanize import count
from koonj.migrations.migration import Migration
from koonj.runner.plan.work import NumberedStep, number_steps
from koonj.sql.script import Script
from koonj.sql.statements import Statement
from koonj.sql.transactions import Mode, ScriptShape

_MODES = {Mode.ONE_TRANSACTION: "one transaction", Mode.SEVERAL: "committed separately"}


class ScriptPart(StrEnum):
    """Part of the file: body or rollback."""

    BODY = "body"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of the list: a statement or a heading."""

    part: ScriptPart
    text: str
    """Summary of the statement, or the words of the heading."""
    line: int = 0
    """First line in the file, 1-based; 0 for a heading."""
    number: int = 0
    """Number of the statement in a run; 0 for transaction control such as BEGIN."""
    name: str = ""
    """Name of the object as in `text`; empty if unknown."""
    is_title: bool = False
    """Whether this is the heading of the whole body or rollback."""
    last_line: int = 0
    """Last line in the file; 0 for a heading."""

    @classmethod
    def from_json(cls, text: str) -> StatementLine:
        """Parse a line of `statement_lines`."""
        part, *rest = json.loads(text)
        return cls(ScriptPart(part), *rest)


def statement_lines(migration: Migration) -> str:
    """Return the lines of body and rollback, one JSON array in each.

    Empty without statements.
    """
    sections = migration.sections
    lines = [*_script_lines(ScriptPart.BODY, sections.body, migration.shape)]
    if sections.rollback is not None and migration.rollback_shape is not None:
        lines += _script_lines(ScriptPart.ROLLBACK, sections.rollback, migration.rollback_shape)
    if not any(line.line for line in lines):
        return ""
    return "".join(json.dumps(astuple(line)) + "\n" for line in lines)


def _script_lines(part: ScriptPart, script: Script, shape: ScriptShape) -> Iterator[StatementLine]:
    if shape.steps:
        yield StatementLine(part, f"{part.capitalize()}: {_MODES[shape.mode]}", is_title=True)
    blocks, was_alone = 0, False
    for step in number_steps(shape):
        blocks += step.step.in_transaction
        if step.step.in_transaction:
            yield StatementLine(part, _block(shape, blocks))
        elif not was_alone:
            yield StatementLine(part, "outside a transaction")
        was_alone = not step.step.in_transaction
        yield from _statements(part, script, step)


def _block(shape: ScriptShape, number: int) -> str:
    opens = shape.mode is Mode.ONE_TRANSACTION and not shape.wrapped
    return f"transaction {number}" + (", opened by koonj" if opens else "")


def _statements(part: ScriptPart, script: Script, step: NumberedStep) -> Iterator[StatementLine]:
    if step.step.begin is not None:
        yield _line(part, script, step.step.begin, 0)
    for numbered in step.statements:
        yield _line(part, script, numbered.statement, numbered.index)
    if step.step.end is not None:
        yield _line(part, script, step.step.end, 0)


def _line(part: ScriptPart, script: Script, statement: Statement, number: int) -> StatementLine:
    text = statement.summary
    if statement.copy_data is not None:
        rows = script.source.text.count("\n", *statement.copy_data)
        text += f", {count(rows, 'row')}"
    last, _ = script.locate(max(statement.start, statement.end - 1))
    return StatementLine(part, text, statement.line, number, statement.name, last_line=last)
