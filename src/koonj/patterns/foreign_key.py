"""Say why PostgreSQL would refuse the foreign key of a form: no unique target, or types that do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from koonj.patterns.catalog_reference import CatalogThing
from koonj.patterns.catalog_snapshot import Column, Relation
from koonj.patterns.form_facts import FormFacts
from koonj.patterns.model import Field

_FAMILIES = (
    frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"}),
    frozenset({"text", "character varying", "character", "name"}),
    frozenset({"date", "timestamp without time zone", "timestamp with time zone"}),
)
"""Types that can be compared with each other, so that a foreign key can refer from one to another."""


def foreign_key_problems(facts: FormFacts) -> Mapping[str, str]:
    """Return the problems of a form with a field `references` and its columns, by field."""
    referenced, referring = _columns_field(facts, "references"), _columns_field(facts, "table")
    target, table = facts.relation("references"), facts.relation("table")
    if referenced is None or target is None:
        return {}
    columns = _columns(facts, referenced, target)
    if columns is None:
        return {}
    names = [column.name for column in columns]
    if not _is_unique(facts, target, names):
        text = f"{', '.join(names)} of {target.name} is not unique: a foreign key needs a primary key or a "
        return {referenced.name: f"{text}unique constraint there."}
    own = None if referring is None or table is None else _columns(facts, referring, table)
    if own is None or referring is None:
        return {}
    if len(own) != len(columns):
        return {referenced.name: f"Needs as many columns as refer to it: {len(own)}, not {len(columns)}."}
    return next(
        (
            {referring.name: f"{a.name} is {a.type}, but {target.name}.{b.name} is {b.type}."}
            for a, b in zip(own, columns, strict=True)
            if not _comparable(a.type, b.type)
        ),
        {},
    )


def _columns_field(facts: FormFacts, of: str) -> Field | None:
    for field in facts.fields:
        reference = field.catalog
        is_column = reference is not None and reference.thing is CatalogThing.COLUMN
        if is_column and reference is not None and not reference.new and reference.of == of:
            return field
    return None


def _columns(facts: FormFacts, field: Field, table: Relation) -> Sequence[Column] | None:
    """Return the named columns; None if one of them is not known."""
    found = [table.column(name) for _, name in facts.names(field)]
    known = [column for column in found if column is not None]
    return known if known and len(known) == len(found) else None


def _is_unique(facts: FormFacts, table: Relation, columns: Sequence[str]) -> bool:
    """Whether an index makes these columns together unique, in any order; also if that cannot be known."""
    indexes = facts.catalog.indexes_of(table)
    return facts.catalog.is_cut or any(
        index.unique and index.whole and sorted(index.columns) == sorted(columns) for index in indexes
    )


def _comparable(one: str, other: str) -> bool:
    """Whether two types can be compared. Unknown types can be, unless only one of them is a known one."""
    plain = [text.partition("(")[0].strip() if text.endswith(")") else text for text in (one, other)]
    first, second = (
        next((n for n, family in enumerate(_FAMILIES) if text in family), None) for text in plain
    )
    if plain[0] == plain[1] or (first is not None and first == second):
        return True
    return first is None and second is None and not {"uuid", "boolean", "jsonb", "bytea"} & set(plain)
