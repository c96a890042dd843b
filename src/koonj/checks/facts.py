"""What a statement says about tables, columns and indexes, for the rules of later statements and files.

A fact is a tuple of words, of which the first is its kind. So facts can be kept in the parse cache.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from koonj.checks.file_view import Action, FileView, StatementView
from koonj.checks.names import column_names, last_name
from koonj.checks.table_items import ConstraintText, column_of, constraint_of
from koonj.migrations.kept_value import Form, kept
from koonj.migrations.migration import Migration
from koonj.sql.called_names import bare
from koonj.sql.tokens import Token

Fact = tuple[str, ...]

MADE, INDEX, TYPE = "made", "index", "type"
OPAQUE = "opaque"
"""A table whose columns or indexes another table or a query decides."""
NOT_NULL, CHECK, UNVALIDATED, VALIDATED = "not_null", "check", "unvalidated", "validated"
RENAMED, RENAMED_COLUMN, MOVED = "renamed", "renamed_column", "moved"
"""The new name comes before the old one."""
PARTITIONED, EMPTY_VIEW, REFRESHED, DROPPED = "partitioned", "empty_view", "refreshed", "dropped"

_MOST = 400
"""Facts of one file that are used. A dump of a schema has more than a migration."""


def facts_of(one: StatementView) -> Iterator[Fact]:
    """Yield what a statement says."""
    match one.verb:
        case "create":
            yield from _created(one)
        case "alter" if one.alter is not None:
            for action in one.alter.actions:
                yield from _altered(one.alter.table, action)
        case "refresh":
            yield REFRESHED, last_name(_refreshed(one))
        case "drop":
            yield from ((DROPPED, name) for name in dropped_names(one))
        case "select" if one.made_table:
            yield MADE, last_name(one.made_table)
            yield OPAQUE, last_name(one.made_table)


def dropped_names(one: StatementView) -> tuple[str, ...]:
    """Return the names, without schemas, that a DROP TABLE or DROP VIEW drops."""
    reader = one.reader()
    reader.accept("drop")
    reader.accept("materialized")
    if not reader.accept_one(("table", "view")):
        return ()
    reader.accept("if", "exists")
    names = [reader.name()]
    while reader.accept(","):
        names.append(reader.name())
    return tuple(last_name(name) for name in names if name)


def _refreshed(one: StatementView) -> str:
    reader = one.reader()
    reader.accept("refresh", "materialized", "view")
    reader.accept("concurrently")
    return reader.name()


def _created(one: StatementView) -> Iterator[Fact]:
    if one.index is not None:
        yield from _indexed(one)
        return
    table = last_name(one.made_table)
    if not table:
        return
    yield MADE, table
    if "materialized" in one.words[:3] and _ends_with_no_data(one):
        yield EMPTY_VIEW, table
    head = one.words[: one.words.index("(")] if "(" in one.words else one.words
    if "like" in one.words or "as" in head or "inherits" in one.words or "of" in head:
        yield OPAQUE, table
    if "partition" in one.words and "by" in one.words:
        yield PARTITIONED, table
    for item in one.items:
        yield from _item(table, item)


def _item(table: str, item: Sequence[Token]) -> Iterator[Fact]:
    """Yield what a column or a constraint says, as CREATE TABLE or ADD contains it."""
    constraint = constraint_of(item)
    column = None if constraint is not None else column_of(item)
    if constraint is not None:
        yield from _constraint(table, constraint)
    elif column is not None:
        yield TYPE, table, column.name, column.type
        if column.not_null:
            yield NOT_NULL, table, column.name
        for inline in column.constraints:
            yield from _constraint(table, inline)


def _ends_with_no_data(one: StatementView) -> bool:
    words = [word for word in one.words[-5:] if word != ";"]
    return words[-3:] == ["with", "no", "data"]


def _indexed(one: StatementView) -> Iterator[Fact]:
    index = one.index
    if index is None or not index.table or "(" not in one.words:
        return
    columns = column_names(list(one.tokens[one.words.index("(") :]))
    yield (INDEX, last_name(index.table), *columns)


def _constraint(table: str, found: ConstraintText) -> Iterator[Fact]:
    match found.kind:
        case "primary" | "unique" if not found.uses_index:
            yield (INDEX, table, *found.columns)
            if found.kind == "primary":
                yield from ((NOT_NULL, table, column) for column in found.columns)
        case "check" | "not null" if found.not_valid:
            yield (UNVALIDATED, table, found.name, *found.columns)
        case "check" | "not null":
            yield (CHECK, table, *found.columns)


def _altered(table: str, action: Action) -> Iterator[Fact]:
    words, tokens = action.words, action.tokens
    match words:
        case ("add", *_):
            is_constraint = constraint_of(tokens[1:]) is not None
            yield from _item(table, tokens[1:] if is_constraint else added_column(action))
        case ("validate", "constraint", _, *_):
            yield VALIDATED, table, bare(tokens[2])
        case ("rename", "to", _, *_):
            yield RENAMED, table
            yield RENAMED, bare(tokens[2]), table
        case ("rename", "column", _, "to", _, *_):
            yield RENAMED_COLUMN, table, bare(tokens[4]), bare(tokens[2])
        case ("rename", _, "to", _, *_):
            yield RENAMED_COLUMN, table, bare(tokens[3]), bare(tokens[1])
        case ("set", "schema", *_):
            yield MOVED, table
        case ("attach", *_) | ("inherit", *_):
            yield OPAQUE, table
        case ("alter", *_):
            yield from _altered_column(table, action)
        case _:
            pass


def _altered_column(table: str, action: Action) -> Iterator[Fact]:
    at = 2 if action.words[1:2] == ("column",) else 1
    if len(action.tokens) <= at:
        return
    column, rest = bare(action.tokens[at]), action.words[at + 1 :]
    rest = rest[2:] if rest[:2] == ("set", "data") else rest
    if rest[:1] == ("type",):
        retyped = column_of(action.tokens[len(action.tokens) - len(rest) :])
        yield TYPE, table, column, "" if retyped is None else retyped.type
    elif rest[:3] == ("set", "not", "null"):
        yield NOT_NULL, table, column


def added_column(action: Action) -> tuple[Token, ...]:
    """Return the tokens of the column that ADD [COLUMN] [IF NOT EXISTS] adds."""
    at = 2 if action.words[1:2] == ("column",) else 1
    at += 3 if action.words[at : at + 3] == ("if", "not", "exists") else 0
    return action.tokens[at:]


def of_file(view: FileView) -> Iterable[Fact]:
    """Yield what the statements of a file say, in order."""
    for one in view.statements:
        yield from facts_of(one)


FACTS: Form[tuple[Fact, ...]] = Form(
    lambda found: [list(fact) for fact in found] or False,
    lambda plain: () if plain is False else tuple(tuple(map(str, fact)) for fact in plain),
)


@kept(FACTS)
def check_facts(migration: Migration) -> tuple[Fact, ...]:
    """Return what a file says about tables, for the rules of later files."""
    return tuple(of_file(FileView.of(migration)))[:_MOST]
