"""The statements of a file as lines: what is sent, from which line of the file, in or out of a transaction.

One line of text for each, so that the hundred thousand statements of a large file cross from one process to
another, and are held, as one text; a line is taken apart when it is drawn.
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
    """What a line belongs to."""

    BODY = "body"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line of the list."""

    of: ScriptPart
    text: str
    """What the statement does; of a heading, its words."""
    line: int = 0
    """Of the file, 1-based; 0: a heading."""
    number: int = 0
    """Among those that are sent, as a run counts them; 0: transaction control."""
    name: str = ""
    """The object, as `text` has it; empty where it is unknown."""
    is_title: bool = False
    """A heading of body or rollback as a whole."""

    @classmethod
    def read(cls, text: str) -> StatementLine:
        """What `statement_lines` wrote."""
        of, *rest = json.loads(text)
        return cls(ScriptPart(of), *rest)


def statement_lines(migration: Migration) -> str:
    """Body and rollback, one JSON array a line; empty where there is no statement at all."""
    sections = migration.sections
    lines = [*_of(ScriptPart.BODY, sections.body, migration.shape)]
    if sections.rollback is not None and migration.rollback_shape is not None:
        lines += _of(ScriptPart.ROLLBACK, sections.rollback, migration.rollback_shape)
    if not any(line.line for line in lines):
        return ""
    return "".join(json.dumps(astuple(line)) + "\n" for line in lines)


def _of(of: ScriptPart, script: Script, shape: ScriptShape) -> Iterator[StatementLine]:
    if shape.steps:
        yield StatementLine(of, f"{of.capitalize()}: {_MODES[shape.mode]}", is_title=True)
    blocks, was_alone = 0, False
    for step in number_steps(shape):
        blocks += step.step.in_transaction
        if step.step.in_transaction:
            yield StatementLine(of, _block(shape, blocks))
        elif not was_alone:
            yield StatementLine(of, "each on its own, in no transaction")
        was_alone = not step.step.in_transaction
        yield from _statements(of, script, step)


def _block(shape: ScriptShape, number: int) -> str:
    opens = shape.mode is Mode.ONE_TRANSACTION and not shape.wrapped
    return f"in transaction {number}" + (", which koonj opens" if opens else "")


def _statements(of: ScriptPart, script: Script, step: NumberedStep) -> Iterator[StatementLine]:
    if step.step.begin is not None:
        yield _line(of, script, step.step.begin, 0)
    for numbered in step.statements:
        yield _line(of, script, numbered.statement, numbered.index)
    if step.step.end is not None:
        yield _line(of, script, step.step.end, 0)


def _line(of: ScriptPart, script: Script, statement: Statement, number: int) -> StatementLine:
    text = statement.summary
    if statement.copy_data is not None:
        rows = script.source.text.count("\n", *statement.copy_data)
        text += f", {count(rows, 'row')}"
    return StatementLine(of, text, statement.line, number, statement.name)
