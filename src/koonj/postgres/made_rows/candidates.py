"""Make up many different values for columns with CHECK constraints. The server accepts some of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from koonj.postgres.made_rows.tables import Type
from koonj.postgres.made_rows.values import FORMS, Maker, literal

_EACH = 9
"""Number of values of each form."""


def _letters(i: int) -> str:
    return chr(97 + i % 26) + chr(97 + (i // 26 + 7 * i) % 26)


_TEXTS: Sequence[Callable[[int], str]] = (
    _letters,
    lambda i: _letters(i).upper(),
    lambda i: f"word{_letters(i)}",
    lambda i: f"x{_letters(i)}",
    lambda i: f"X{_letters(i).upper()}",
    lambda i: f"snake_{_letters(i)}",
    lambda i: f"dash-{_letters(i)}",
    lambda i: f"thing.{_letters(i)}",
    lambda i: f"thing:{_letters(i)}",
    lambda i: f"text/{_letters(i)}",
    lambda i: f"/path/{_letters(i)}",
    lambda i: f"Name {_letters(i)}",
    lambda i: f"1.{i}.0",
    lambda i: f"AB-{i:04d}",
    lambda i: f"{i:04d}",
    lambda i: f"{i:05d}",
    lambda i: f"{i:08d}",
    lambda i: f"#{i:06x}",
    lambda i: f"{i:032x}",
    lambda i: f"{i:040x}",
    lambda i: f"{i:064x}",
)
_INTEGERS = (
    *range(1, 10),
    0,
    10,
    12,
    25,
    50,
    99,
    100,
    200,
    255,
    404,
    500,
    1000,
    1024,
    1900,
    2024,
    8080,
    -1,
    -5,
)
_NUMBERS = (
    "0.5",
    "0.25",
    "0.1",
    "0.75",
    "0.9",
    "0",
    "1",
    "1.5",
    "2",
    "3.5",
    "10",
    "42.42",
    "90",
    "100",
    "-0.5",
    "-10",
)
_BYTES = (1, 4, 8, 12, 16, 20, 24, 32, 48, 64)
_OTHERS: Mapping[str, Sequence[str]] = {
    "json": ("'{}'", "'[]'", "'{\"a\": 1}'", "'[1, 2]'", "'\"a\"'", "'1'", "'[{\"a\": 1}]'"),
    "jsonb": ("'{}'", "'[]'", "'{\"a\": 1}'", "'[1, 2]'", "'\"a\"'", "'1'", "'[{\"a\": 1}]'"),
    "interval": ("'1 second'", "'5 minutes'", "'2 hours'", "'3 days'", "'1 month'", "'1 year'", "'0'"),
    "time": ("'00:00'", "'09:00'", "'12:30'", "'17:00'", "'23:59'"),
    "bool": ("true", "false"),
    "bytea": tuple(
        f"pg_catalog.decode(pg_catalog.repeat('{i:02x}', {length}), 'hex')"
        for length in _BYTES
        for i in range(1, _EACH + 1)
    ),
}
_DAYS = (
    "2024-01-01",
    "2024-02-01",
    "2024-03-01",
    "2024-06-30",
    "1990-05-05",
    "2010-10-10",
    "2020-02-02",
    "2030-01-01",
)


def candidates(maker: Maker, type_oid: int, modifier: int, usual: Sequence[str]) -> list[str]:
    """Return values of a type as SQL expressions, without duplicates. `usual` come first."""
    kind = maker.types.get(type_oid)
    while kind is not None and kind.base is not None:
        modifier = kind.base_modifier
        kind = maker.types.get(kind.base)
    if kind is None:
        return list(usual)
    return list(dict.fromkeys((*usual, *_of(maker, kind, modifier))))


def _of(maker: Maker, kind: Type, modifier: int) -> Iterator[str]:
    made = (maker.value(kind.oid, modifier, i) for i in range(1, _EACH + 1))
    if kind.labels is not None:
        return (f"{literal(label)}::{kind.text}" for label in kind.labels)
    if kind.element is not None:
        return _arrays(maker, kind, kind.element)
    if kind.category == "S":
        return _texts(maker, kind, modifier)
    return itertools.chain((f"({value})::{kind.text}" for value in _constants(kind)), made)


def _constants(kind: Type) -> Sequence[str]:
    if kind.name in {"int2", "int4", "int8"}:
        return tuple(map(str, _INTEGERS))
    if kind.category == "N":
        return _NUMBERS
    if kind.category == "D" and kind.name != "time":
        return tuple(map(literal, _DAYS))
    return _OTHERS.get(kind.name, ())


def _arrays(maker: Maker, kind: Type, element: int) -> Iterator[str]:
    yield f"'{{}}'::{kind.text}"
    for many, start in itertools.product((1, 2, 3), range(1, 5)):
        parts = ", ".join(maker.value(element, -1, start + k) for k in range(many))
        yield f"ARRAY[{parts}]::{kind.text}"


def _texts(maker: Maker, kind: Type, modifier: int) -> Iterator[str]:
    longest = modifier - 4 if modifier > 4 and kind.name in {"varchar", "bpchar"} else 10_000
    written = "pg_catalog.bpchar" if kind.name == "bpchar" else kind.text
    for i in range(1, _EACH + 1):
        for form in FORMS:
            yield replace(maker, style=replace(maker.style, texts=form)).value(kind.oid, modifier, i)
        yield from (f"{literal(text)}::{written}" for make in _TEXTS if len(text := make(i)) <= longest)
