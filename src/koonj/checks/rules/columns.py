"""Rules about columns: what writes the whole table anew, and what old rows refuse."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.checks.conditions import REWRITES
from koonj.checks.facts import added_column
from koonj.checks.file_view import Action, AlterTable, FileView, StatementView
from koonj.checks.model import Claim, Hit, Rule
from koonj.checks.rules import offers
from koonj.checks.table_items import ColumnText, column_of, constraint_of
from koonj.sql.called_names import bare
from koonj.sql.problem import Severity

_ALTER = frozenset({"alter"})
_SERIALS = frozenset({"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"})
_VOLATILE = frozenset(
    {
        *(
            "random",
            "random_normal",
            "clock_timestamp",
            "timeofday",
            "nextval",
            "gen_random_uuid",
            "uuidv4",
            "uuidv7",
        ),
        *("uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "gen_random_bytes", "gen_salt"),
    }
)
"""Functions whose volatility is known, here and in contrib. An unknown function says nothing."""


def _added(one: StatementView) -> Iterator[tuple[AlterTable, Action, ColumnText]]:
    alter = one.alter
    for action in alter.actions if alter is not None else ():
        if alter is None or action.words[0] != "add" or constraint_of(action.tokens[1:]) is not None:
            continue
        column = column_of(added_column(action))
        if column is not None:
            yield alter, action, column


def _rewrites(one: StatementView, _file: FileView) -> Iterator[Hit]:
    for alter, action, column in _added(one):
        volatile = sorted(column.calls & _VOLATILE)
        if column.type.removeprefix("pg_catalog . ") in _SERIALS:
            what = f"a column of type {column.type}"
        elif column.identity:
            what = "an identity column"
        elif column.stored:
            what = "a stored generated column"
        elif volatile:
            what = f"a column with the default {volatile[0]}()"
        else:
            continue
        yield Hit(
            f"Adding {what} writes all of {alter.written} anew, and blocks reads and writes until then.",
            "Add a plain nullable column, then set the default for new rows, and fill old rows in batches.",
            at=column.at,
            table=alter.table,
            claim=Claim.REWRITE,
            pattern=offers.new_column(one, alter, action, column),
        )


def _not_null(one: StatementView, _file: FileView) -> Iterator[Hit]:
    for alter, action, column in _added(one):
        given = column.default is not None and column.default != ("null",)
        if not column.not_null or given or "generated" in column.words:
            continue
        if column.type.removeprefix("pg_catalog . ") in _SERIALS or not column.type:
            continue
        yield Hit(
            f"ADD COLUMN … NOT NULL without a default fails if {alter.written} has a row.",
            "Give it a constant default, or add it nullable, fill it, and SET NOT NULL later.",
            at=column.at,
            table=alter.table,
            pattern=offers.new_column(one, alter, action, column),
        )


def _type(one: StatementView, _file: FileView) -> Iterator[Hit]:
    alter = one.alter
    for action in alter.actions if alter is not None else ():
        at = 2 if action.words[1:2] == ("column",) else 1
        if alter is None or action.words[0] != "alter" or len(action.tokens) <= at:
            continue
        start = at + (3 if action.words[at + 1 : at + 3] == ("set", "data") else 1)
        retyped = column_of(action.tokens[start:]) if action.words[start : start + 1] == ("type",) else None
        if retyped is None:
            continue
        name = action.tokens[at]
        yield Hit(
            f"Changing {name.text} to {retyped.type} writes all of {alter.written} and its indexes anew, and "
            "blocks reads and writes until then.",
            "Add a column of the new type, keep it equal with a trigger, fill it in batches, swap the names.",
            at=action.at,
            table=alter.table,
            condition=(REWRITES, alter.table, bare(name), retyped.type),
            claim=Claim.REWRITE,
            pattern=offers.new_type(one, alter, name, action.tokens[start + 1 :]),
        )


RULES = (
    Rule(
        "column-rewrites",
        Severity.WARNING,
        "A volatile default, serial, identity or a stored expression writes the whole table anew.",
        _ALTER,
        _rewrites,
    ),
    Rule(
        "column-not-null",
        Severity.WARNING,
        "ADD COLUMN … NOT NULL without a default fails if the table has a row.",
        _ALTER,
        _not_null,
    ),
    Rule(
        "type-rewrites",
        Severity.WARNING,
        "ALTER COLUMN … TYPE writes the whole table anew, except for a few changes.",
        _ALTER,
        _type,
    ),
)
