"""Columns that get another type: values that cannot become one of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from koonj.postgres.demands.cast_conditions import (
    RANGES,
    bare,
    length,
    longer_elements,
    not_a_label,
    not_valid,
    outside,
    too_large,
    too_long,
    without_last_cast,
)
from koonj.postgres.demands.change import Change, Using, from_rows
from koonj.postgres.demands.demand import Demand, DemandKind
from koonj.postgres.demands.layers import target_type
from koonj.postgres.demands.snapshot import Column, Relation
from koonj.sql.tokens import significant
from koonj.sql.type_names import holds_all

_NUMBERS = frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"})
_TEXTS = frozenset({"text", "character varying", "character"})
_VALIDATES = 16
"""Major version that has pg_input_is_valid()."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """How to find the values that cannot be cast."""

    where: str = ""
    """A condition; empty: only `raises` can tell."""
    raises: str = ""
    needs_major: int = 0


def demands(change: Change) -> Iterator[Demand]:
    """Yield a demand for each column whose type or value the statement changed."""
    for before, after in change.old():
        for number, column in after.columns.items():
            old = before.columns.get(number)
            using = change.usings.get((after.oid, number))
            if (
                old is None
                or (old.type == column.type and using is None)
                or _of_parent(change, after, column)
            ):
                continue
            yield from _of_column(change, before, after, old, column, using)


def _of_parent(change: Change, relation: Relation, column: Column) -> bool:
    return any(
        change.is_old(oid) and any(one.name == column.name for one in parent.columns.values())
        for oid in relation.parents
        if (parent := change.after.relations.get(oid)) is not None
    )


def _of_column(
    change: Change, before: Relation, after: Relation, old: Column, new: Column, using: Using | None
) -> Iterator[Demand]:
    found = _refused(change, before, old, new, using)
    if found is None:
        return
    unknown = ""
    if not (found.where or found.raises):
        unknown = f"koonj cannot tell which values can become {new.type}"
    yield change.demand(
        DemandKind.CAST,
        after,
        f"have a {old.name} that cannot become {new.type}",
        f"{from_rows(before)} WHERE {found.where}" if found.where else "",
        texts=[] if using is None else [using.expression],
        calls=() if using is None else using.calls,
        earlier=True,
        columns=(old.name,) if using is None or found.where else (),
        raises=found.raises,
        needs_major=found.needs_major,
        unknown=unknown,
    )


def _refused(
    change: Change, relation: Relation, old: Column, new: Column, using: Using | None
) -> _Refused | None:
    """Return how to find the values of `old` that cannot become values of `new`; None: all can."""
    if using is None or _tokens(using.expression) in ((old.name,), (relation.alias, old.name)):
        return _assigned(change, old, new)
    source = change.before.base_type(old)
    if source and bare(source) in _TEXTS and _is_cast(using.expression, relation, old, new.type):
        found = _of_text(change, old.name, new)
        if found is not None:
            return found
    return _computed(change, new, using.expression)


def _of_text(change: Change, name: str, new: Column) -> _Refused | None:
    """Return which texts a cast refuses; None if that must be tried."""
    enum, kind = change.after.enum(new.type_oid), change.after.base_type(new)
    if enum is not None:
        return _Refused(not_a_label(name, enum.labels))
    if kind is None or bare(kind) in _TEXTS or kind.startswith("bit"):
        return None
    return _Refused(not_valid(name, kind), f"({name})::{kind}", _VALIDATES)


def _computed(change: Change, new: Column, expression: str) -> _Refused:
    """Return for which rows an expression has no value of the new type."""
    enum, kind = change.after.enum(new.type_oid), target_type(change, new)
    if enum is not None and enum.oid not in change.first.types:
        # The target has no such type yet: ask the value that the expression has before its last cast.
        inner = without_last_cast(expression, enum.name)
        return _Refused(not_a_label(inner, enum.labels) if inner else "")
    if not kind:
        return _Refused()
    if (limit := length(kind)) and not expression.endswith(f"::{kind}"):
        return _Refused(too_long(expression, kind, limit), f"({expression})::{bare(kind)}")
    return _Refused(raises=f"({expression})::{kind}")


def _assigned(change: Change, old: Column, new: Column) -> _Refused | None:
    """Return which values an assignment refuses; it cuts nothing, as an explicit cast does."""
    source, kind = change.before.base_type(old), change.after.base_type(new)
    if source is None or kind is None:
        return None if change.before.enum(old.type_oid) and kind and bare(kind) in _TEXTS else _Refused()
    if source == kind or (holds_all(source, kind) and source != "date"):  # dates reach further than times
        return None
    where = _condition(old.name, source, kind)
    if where:
        return _Refused(where)
    if kind == "jsonb" and source == "json":
        return _Refused(not_valid(old.name, "jsonb"), f"({old.name})::jsonb", _VALIDATES)
    return _Refused(raises=f"({old.name})::{kind}")


def _condition(name: str, source: str, kind: str) -> str:
    """Return for which values the assignment fails; empty if that must be tried."""
    if limit := length(kind):
        return too_long(name, kind, limit)
    if some := longer_elements(name, kind):
        return some
    if kind in RANGES and bare(source) in _NUMBERS:
        return outside(name, bare(source), kind)
    if found := re.fullmatch(r"numeric\((\d+),(-?\d+)\)", kind):
        return too_large(name, int(found[1]), int(found[2])) if bare(source) in _NUMBERS else ""
    return ""


def _tokens(text: str) -> tuple[str, ...]:
    """Return the tokens without parentheses and dots."""
    return tuple(token.text for token in significant(text) if token.text not in {"(", ")", "."})


def _is_cast(expression: str, relation: Relation, column: Column, kind: str) -> bool:
    """Return whether an expression is ``column::kind`` or ``column::text::kind``."""
    names, end = ((column.name,), (relation.alias, column.name)), ("::", *_tokens(kind))
    allowed = {(*name, *text, *end) for name in names for text in ((), ("::", "text"))}
    return _tokens(expression) in allowed
