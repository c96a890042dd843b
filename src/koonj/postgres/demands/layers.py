"""The columns of a relation after a statement, made of the columns before it."""

from __future__ import annotations

from koonj.postgres.demands.cast_conditions import without_last_cast
from koonj.postgres.demands.change import Change, Using
from koonj.postgres.demands.demand import ColumnValue, Layer
from koonj.postgres.demands.snapshot import Column, Relation, Snapshot
from koonj.sql.called_names import called_names


def layer(change: Change, before: Relation, after: Relation) -> Layer | None:
    """Return what the statement did to the columns of a relation; None if it only dropped some, or nothing.

    A column that was dropped is left as it is: nothing after the statement names it.
    """
    if all(_is_same(change, after.oid, before.columns.get(n), one) for n, one in after.columns.items()):
        return None
    columns, generated = list[ColumnValue](), list[ColumnValue]()
    for number, column in after.columns.items():
        old = before.columns.get(number)
        if _is_computed(old, column):
            generated.append(_computed(change, column))
        elif old is None:
            columns.append(new_value(change, column))
        else:
            columns.append(_kept(change, after.oid, old, column))
    return Layer(tuple(columns), tuple(generated))


def _is_same(change: Change, oid: int, old: Column | None, new: Column) -> bool:
    if old is None or (oid, new.number) in change.usings or _is_computed(old, new):
        return False
    return (old.name, old.type) == (new.name, new.type)


def _is_computed(old: Column | None, new: Column) -> bool:
    """Return whether the statement computes the column of the others."""
    if not new.generated:
        return False
    return old is None or not old.generated or old.default != new.default


def _computed(change: Change, column: Column) -> ColumnValue:
    base = change.after.base_type(column)
    if base is None or change.runs_code([column.default], column.calls):
        return ColumnValue(column.name, "")
    return ColumnValue(column.name, f"({column.default})::{base}")


def _kept(change: Change, oid: int, old: Column, new: Column) -> ColumnValue:
    using = change.usings.get((oid, new.number))
    if using is None and old.type == new.type:
        return ColumnValue(new.name, old.name)
    expression = old.name if using is None else using.expression
    if using is not None and change.runs_code([using.expression], using.calls):
        return ColumnValue(new.name, "")
    kind = target_type(change, new)
    return ColumnValue(new.name, f"({expression})::{kind}" if kind else "")


def new_value(change: Change, column: Column) -> ColumnValue:
    """Return the value that a new column gets in each row; unknown if it can differ between rows."""
    default = column.default or next(
        (domain.default for domain in change.after.domains(column.type_oid) if domain.default), ""
    )
    kind = target_type(change, column)
    given = without_domain(change.after, column, Using(default, column.calls))
    default = given.expression
    if column.identity or change.runs_code([default], given.calls):
        return ColumnValue(column.name, "", is_new=True, is_numbered=is_numbered(column))
    if not default:
        return ColumnValue(column.name, f"NULL::{kind or 'text'}", is_new=True)
    return ColumnValue(column.name, f"({default})::{kind}" if kind else "", is_new=True)


def without_domain(now: Snapshot, column: Column, given: Using) -> Using:
    """Return an expression whose last cast is to the base type of a column's domain, not to the domain.

    The target may not have the domain, and its constraints are demands of their own.
    """
    base = now.base_type(column)
    if base is None or not any(now.domains(column.type_oid)):
        return given
    operand = without_last_cast(given.expression, column.type)
    text = f"({operand})::{base}" if operand else given.expression
    names_it = column.type in text  # if not, the cast to the domain is an implicit one
    return Using(text, tuple(one for one in given.calls if names_it or one != f"type {column.type}"))


_NUMBERING = frozenset({"nextval", "gen_random_uuid", "uuidv4", "uuidv7"})
"""Functions of pg_catalog that return another value for each row."""


def is_numbered(column: Column) -> bool:
    """Return whether each row gets a value of its own for a new column, and none NULL."""
    names = called_names(column.default)
    return column.identity or (not column.calls and len(names) == 1 and names <= _NUMBERING)


def target_type(change: Change, column: Column) -> str:
    """Return the type that a value of the column has on the target before the migration.

    A domain is its base type there: its constraints are demands of their own. Empty: a type that the target
    may not have.
    """
    base = change.after.base_type(column)
    if base is not None:
        return base
    enum = change.after.enum(column.type_oid)
    return enum.name if enum is not None and enum.oid in change.first.types else ""
