"""Make up other rows when a CHECK constraint that a migration adds refuses the first ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from koonj.postgres.made_rows.fill import Filling
from koonj.postgres.made_rows.tables import Column, Constraint, Table, quoted
from koonj.runner.apply.statement import StatementError
from koonj.runner.rehearse.row_styles import STATES_OF_CHECKS, refused_table
from koonj.sql.tokens import TokenKind, significant


def with_new_checks(filling: Filling, error: StatementError) -> Filling:
    """Return the filling with the CHECK constraints that the refused statement adds to its table."""
    if error.error.sqlstate not in STATES_OF_CHECKS:
        return filling
    name, text = refused_table(error, filling), error.numbered.statement.text
    domain = _domain(error)
    checks = list(_check_expressions(text))
    if domain and not checks:
        checks = [
            one
            for defined in filling.texts
            if _defines(defined, domain)
            for one in _check_expressions(defined)
        ]
    tables = tuple(
        _with_checks(table, _of_columns(table, checks, text, domain))
        if (table.schema, table.name) == name
        else table
        for table in filling.tables
    )
    return replace(filling, tables=tables)


def _domain(error: StatementError) -> str:
    """Return the plain name of the domain whose CHECK refused a value; empty if it was not a domain."""
    return error.error.diag.datatype_name or ""


def _defines(text: str, domain: str) -> bool:
    words = [token.text.strip('"').lower() for token in significant(text)][:6]
    return words[1:2] == ["domain"] and domain.lower() in words


def _of_columns(
    table: Table, checks: Iterable[str], text: str, domain: str
) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield each CHECK with the columns that it restricts: one of a domain for each column of the domain."""
    for expression in checks:
        if not domain and (numbers := _columns_in(table, expression)):
            yield numbers, expression
        elif domain:
            for column in table.columns:
                if _gets_domain(column, text, domain):
                    yield (column.number,), _with_column(expression, column)


def _gets_domain(column: Column, text: str, domain: str) -> bool:
    """Return whether a statement changes the type of the column to the domain: ``ALTER c TYPE s.d``."""
    words = [token.text.strip('"').lower() for token in significant(text)]
    starts = (
        at
        for at, word in enumerate(words[:-2])
        if word == column.name.lower() and "type" in words[at + 1 : at + 4]
    )
    return any(domain.lower() in words[at + 2 : at + 7] for at in starts)


def _with_column(expression: str, column: Column) -> str:
    """Return the expression of a domain's CHECK with the column instead of VALUE."""
    parts, end = list[str](), 0
    for token in significant(expression):
        is_value = token.kind is TokenKind.WORD and token.text.lower() == "value"
        parts += [expression[end : token.start], quoted(column.name) if is_value else token.text]
        end = token.end
    return "".join((*parts, expression[end:]))


def _with_checks(table: Table, checks: Iterable[tuple[tuple[int, ...], str]]) -> Table:
    known = {constraint.text for constraint in table.constraints}
    new = tuple(Constraint("c", numbers, 0, (), text) for numbers, text in checks if text not in known)
    return replace(table, constraints=(*table.constraints, *new)) if new else table


def _columns_in(table: Table, expression: str) -> tuple[int, ...]:
    words = {token.text.strip('"').lower() for token in significant(expression)}
    return tuple(column.number for column in table.columns if column.name.lower() in words)


def _check_expressions(text: str) -> Iterator[str]:
    """Yield what is in the parentheses after each CHECK."""
    tokens = list(significant(text))
    for at, token in enumerate(tokens[:-1]):
        if token.text.lower() == "check" and tokens[at + 1].text == "(":
            depth = 0
            for inner in tokens[at + 1 :]:
                depth += (inner.text == "(") - (inner.text == ")")
                if depth == 0:
                    yield text[tokens[at + 1].end : inner.start]
                    break
