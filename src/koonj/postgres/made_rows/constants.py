"""Turn constants of statements into values of columns."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping

from koonj.postgres.made_rows.tables import Column, Type
from koonj.postgres.made_rows.values import literal

_WHOLE = frozenset({"int2", "int4", "int8"})
_SHORT = 9
"""Digits of a number that has neighbours in every integer type."""


def as_values(value: str, kind: Type, column: Column) -> Iterator[str]:
    """Yield a constant as values of a column, if it can be one.

    With numbers and times come their neighbours, which meet ``<`` and ``>``. `kind`: the type, or that on
    which the domain is based.
    """
    if kind.labels is not None:
        texts = iter([literal(value)] if value in kind.labels else [])
    else:
        texts = _BY_CATEGORY.get(kind.category, _other)(value, kind, column)
    for text in texts:
        yield f"({text})::{column.type_text}"


def _number(value: str, kind: Type, _column: Column) -> Iterator[str]:
    if not re.fullmatch(r"-?[0-9]+(\.[0-9]*)?", value) or kind.name in {"oid", "money"}:
        return
    if "." not in value:
        yield value
        if len(value) < _SHORT:
            yield from (str(int(value) + 1), str(int(value) - 1))
    elif kind.name not in _WHOLE:
        yield value


def _text(value: str, kind: Type, column: Column) -> Iterator[str]:
    longest = (
        column.modifier - 4 if kind.name in {"varchar", "bpchar"} and column.modifier > 4 else len(value)
    )
    if len(value) <= longest:
        yield literal(value)


def _time(value: str, _kind: Type, column: Column) -> Iterator[str]:
    if re.match(r"\d{4}-\d\d-\d\d", value):
        for days in (0, -1, 1):
            yield f"{literal(value)}::{column.type_text} + {days} * '1 day'::pg_catalog.interval"


def _array(value: str, kind: Type, _column: Column) -> Iterator[str]:
    if value.startswith("{"):
        yield literal(value)
    elif kind.element is not None:
        yield f"ARRAY[{literal(value)}]"


def _other(value: str, kind: Type, _column: Column) -> Iterator[str]:
    if kind.name in {"json", "jsonb"}:
        yield literal(value)
        yield from _larger_objects(value)
    elif kind.name == "uuid" and re.fullmatch(r"[0-9a-fA-F-]{32,36}", value):
        yield literal(value)


def _larger_objects(value: str) -> Iterator[str]:
    """Yield the JSON object with one more key, which it is contained in (``@>``)."""
    try:
        known = json.loads(value)
    except ValueError:
        return
    if isinstance(known, dict):
        yield literal(json.dumps({**known, "more": 1}))


def _truth(value: str, _kind: Type, _column: Column) -> Iterator[str]:
    if value.lower() in {"t", "f", "true", "false"}:
        yield literal(value)


def _address(value: str, _kind: Type, _column: Column) -> Iterator[str]:
    if re.match(r"[0-9a-fA-F:.]+(/\d+)?$", value):
        yield literal(value)


_BY_CATEGORY: Mapping[str, Callable[[str, Type, Column], Iterator[str]]] = {
    "N": _number,
    "S": _text,
    "D": _time,
    "A": _array,
    "B": _truth,
    "I": _address,
}
"""By pg_type.typcategory."""
