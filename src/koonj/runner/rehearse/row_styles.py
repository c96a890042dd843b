"""Decide which rows to try next when a statement refuses the made-up ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from koonj.postgres.made_rows.fill import Filling, words
from koonj.postgres.made_rows.tables import Table
from koonj.postgres.made_rows.values import Odd, Style
from koonj.runner.apply.statement import StatementError
from koonj.runner.plan.work import Work
from koonj.runner.run.direction import Direction
from koonj.sql.row_changes import row_changes

_FORMS = (
    (r"type (?:integer|bigint|smallint|oid)", "digits"),
    (r"type (?:numeric|double precision|real|money)", "digits"),
    (r"type uuid", "uuid"),
    (r"type (?:date|timestamp)|date/time", "date"),
    (r"type (?:time|interval)", "time"),
    (r"type json", "json"),
    (r"type boolean", "boolean"),
    (r"type (?:inet|cidr)", "address"),
)
"""Forms of text, by the message of a cast that failed."""


def next_style(style: Style, error: StatementError, filling: Filling) -> Style | None:
    """Return the style to try after `style` was refused; None if there is no other."""
    state = error.error.sqlstate or ""
    if (copied := _copied_into(error, filling)) and copied not in style.apart:
        return replace(style, apart=style.apart | {copied})
    for states, change in _CHANGES:
        if state in states:
            following = change(style, str(error.error), filling)
            if following != style:
                return following
    if style.odd:
        return replace(style, odd=frozenset())
    return replace(style, rows=1) if style.rows > 1 and state not in STATES_OF_CHECKS else None


def _other_form(style: Style, message: str, filling: Filling) -> Style:
    """Return the style with texts that can be cast to the type that the message names."""
    labels = tuple(filling.found.labels) or _enum_labels(filling)
    if "enum" in message and labels:
        return replace(style, texts="labels", labels=labels)
    form = next((form for pattern, form in _FORMS if re.search(pattern, message)), None)
    return style if form is None else replace(style, texts=form, small=True)


def _copied_into(error: StatementError, filling: Filling) -> tuple[str, str] | None:
    """Return the table into which a statement copies rows of another table, but has a row with the same key.

    Such as an archive: no row is in both tables.
    """
    statement = error.numbered.statement
    copies = statement.verb in {"insert", "with"} and not words(statement.text).isdisjoint(
        {"select", "table"}
    )
    return refused_table(error, filling) if copies and error.error.sqlstate == "23505" else None


def _without(*kinds: Odd) -> Callable[[Style, str, Filling], Style]:
    """Return a change that leaves out some kinds of odd values."""
    return lambda style, *_: replace(style, odd=style.odd - set(kinds))


STATES_OF_CHECKS = frozenset({"23514"})
_CHANGES: tuple[tuple[frozenset[str], Callable[[Style, str, Filling], Style]], ...] = (
    (frozenset({"23502"}), lambda style, *_: replace(style, nulls=False)),
    (frozenset({"22P02", "22007", "22008", "22023", "42804"}), _other_form),
    (frozenset({"23503"}), lambda style, *_: replace(style, orphans=False)),
    (frozenset({"22001"}), _without(Odd.PARTS)),
    (frozenset({"22001"}), _without(Odd.LENGTHS)),
    (frozenset({"22001"}), lambda style, *_: replace(style, texts="slug")),
    (frozenset({"22003"}), _without(Odd.LONG)),
    (frozenset({"22003"}), _without(Odd.LARGE)),
    (frozenset({"22003", "22012"}), lambda style, *_: replace(style, small=True)),
    (frozenset({"23505", "21000", "23P01"}), _without(Odd.TWINS, Odd.PARTS)),
    (frozenset({"23505", "21000", "23P01"}), lambda style, *_: replace(style, distinct=True)),
    (frozenset({"23505", "21000", "23P01"}), lambda style, *_: replace(style, literals=False, rows=1)),
)
"""What to change after an error, in this order."""


def _enum_labels(filling: Filling) -> tuple[str, ...]:
    return tuple(label for one in filling.types.values() for label in one.labels or ())


def refused_table(error: StatementError, filling: Filling) -> tuple[str, str] | None:
    """Return schema and name of the table whose rows a statement refused."""
    diagnostic = error.error.diag
    if diagnostic.schema_name and diagnostic.table_name:
        for table in filling.tables:  # a partition is emptied with its table
            if any(part.name == diagnostic.table_name for part in table.bounds):
                return table.schema, table.name
        return diagnostic.schema_name, diagnostic.table_name
    name = error.numbered.statement.name.rpartition(".")[2].strip('"').lower()
    return next(((t.schema, t.name) for t in filling.tables if t.name.lower() == name), None)


@dataclass(frozen=True, slots=True)
class AlwaysFails:
    """A statement that fails on a table with rows, whatever they contain."""

    line: int
    in_rollback: bool
    table: tuple[str, str]
    message: str
    several: bool
    """Whether it fails only if there is more than one row."""

    @classmethod
    def of(cls, error: StatementError, work: Work, filling: Filling) -> AlwaysFails | None:
        """Return the finding if the refused values are those of a new column.

        Every row has the same value there: that of the default, or NULL.
        """
        state, diagnostic = error.error.sqlstate, error.error.diag
        if state not in {"23502", "23505"}:
            return None
        name = refused_table(error, filling)
        table = next((t for t in filling.tables if (t.schema, t.name) == name), None)
        if table is None or _depends_on_rows(work, error, table.name):
            return None
        new = _new_column(error, table) if state == "23502" else _only_new(error, table)
        if not new:
            return None
        message = diagnostic.message_primary or ""
        in_rollback = work.direction is Direction.ROLLBACK
        return cls(
            error.numbered.statement.line, in_rollback, (table.schema, table.name), message, state == "23505"
        )


def _depends_on_rows(work: Work, error: StatementError, table: str) -> bool:
    """Return whether the rows decide: an earlier statement writes to the table, or columns are computed."""
    number = error.numbered.index
    until = [n.statement for step in work.steps for n in step.statements if n.index <= number]
    changes = (change for statement in until[:-1] for change in row_changes(statement))
    writes = any(change.plain_table == table.lower() or not change.table for change in changes)
    return writes or any("stored" in statement.text.lower() for statement in until)


def _new_column(error: StatementError, table: Table) -> bool:
    """Return whether NULL was refused by a new column, or by a domain that no older column has."""
    diagnostic = error.error.diag
    if diagnostic.datatype_name is not None:
        return not any(column.type_text.endswith(diagnostic.datatype_name) for column in table.columns)
    return (diagnostic.column_name or "") not in {column.name for column in table.columns} | {""}


def _only_new(error: StatementError, table: Table) -> bool:
    """Return whether a constraint is about new columns only."""
    detail = error.error.diag.message_detail or ""
    found = re.search(r"Key \(([^)]*)\)", detail)
    names = [name.strip().strip('"') for name in found[1].split(",")] if found else []
    return bool(names) and not set(names) & {column.name for column in table.columns}
