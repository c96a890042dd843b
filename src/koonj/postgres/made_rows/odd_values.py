"""Make up values that a change of data can lose although it keeps most others.

Such as a text with leading zeros that is cast to a number and back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from koonj.postgres.made_rows.rounding import rounded_floats, rounded_numbers
from koonj.postgres.made_rows.tables import Column, Type
from koonj.postgres.made_rows.values import Odd, Style, literal
from koonj.sql.json_paths import Path

_INEXACT = frozenset({"real", "double", "float", "float4", "float8", "type", "numeric", "decimal"})
"""Words of statements that can change the type of a number."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """What the statements name that decides which odd values are worth trying."""

    words: frozenset[str] = frozenset()
    lengths: tuple[int, ...] = ()
    """Numbers that can be lengths of texts."""
    paths: tuple[Path, ...] = ()
    """Paths into JSON values."""
    factors: tuple[Fraction, ...] = ()
    """Numbers by which something is multiplied or divided."""
    parts: tuple[str, ...] = ()
    """Constants that are put into other texts, or removed from them."""

    @property
    def computes(self) -> bool:
        """Return whether a statement can change numbers by arithmetic."""
        return bool(self.factors) or not self.words.isdisjoint(_ARITHMETIC)

    def retypes(self, column: Column) -> bool:
        """Return whether a statement can change the type of the column."""
        return "alter" in self.words and "type" in self.words and column.name.lower() in self.words


def odd_values(kind: Type, column: Column, style: Style, mentions: Mentions, *, key: bool) -> list[str]:
    """Return odd values of a column as SQL expressions.

    `kind`: its type, or that on which its domain is based. `key`: the values must be unique.
    """
    if style.rows == 1 or (key and kind.category == "N" and not mentions.retypes(column)):
        return []
    if kind.category == "S" and kind.name != "char":
        values = _texts(kind, column, style, mentions)
    elif kind.name in {"json", "jsonb"}:
        values = _documents(style, mentions)
    elif kind.category == "N":
        values = _numbers(kind, column, style, mentions)
    elif kind.name == "varbit":
        values = _bits(column, style, mentions)
    elif kind.element is not None and kind.name.startswith(_TEXT_ARRAYS):
        values = _arrays(style, mentions)
    elif Odd.OTHERS in style.odd:
        values = iter(_OTHERS.get("array" if kind.element is not None else kind.name, ()))
    else:
        return []
    written = "pg_catalog.bpchar" if kind.name == "bpchar" else column.type_text
    return [f"({value})::{written}" for value in dict.fromkeys(values)]


def _texts(kind: Type, column: Column, style: Style, mentions: Mentions) -> Iterator[str]:
    longest = column.modifier - 4 if kind.name in {"varchar", "bpchar"} and column.modifier > 4 else 1 << 20
    if kind.name == "name":
        longest = 63
    if Odd.TEXTS in style.odd:
        for text in _FORMS.get(style.texts, ()):
            if len(text) <= longest:
                yield _written(text)
    if Odd.LENGTHS in style.odd and style.texts == "mixed":
        for at, length in enumerate(mentions.lengths):
            many = min(length + 7, longest)  # a shorter column also gets a text of its full length
            if many > 2:  # what is left of texts in a key must differ
                yield f"pg_catalog.rpad('{at}', {many - 2}, 'word ') || '.x'"
    if Odd.PARTS in style.odd and style.texts == "mixed" and column.name.lower() in mentions.words:
        yield from (_written(text) for text in _with_parts(mentions.parts) if len(text) <= longest)


def _with_parts(parts: Sequence[str]) -> Iterator[str]:
    """Yield texts that contain constants of the statements: more than once, in the middle, side by side."""
    for at, part in enumerate(parts):
        yield f"{part}m{at}{part}n"
        yield f"m{at}{part}"
        yield f"{part}{part}d{at}{part}{part}"
        yield f"{part.upper()}u{at}"
        yield f"{part.lower()}l{at}"
    for at, (one, other) in enumerate(pairwise(parts)):
        yield f"{one}p{at}{other}q"
        yield f"{other}p{at}{one}"


def _bits(column: Column, style: Style, mentions: Mentions) -> Iterator[str]:
    if Odd.LENGTHS in style.odd:
        for length in mentions.lengths:
            many = min(length + 7, column.modifier) if column.modifier > 0 else length + 7
            yield f"B'{('1101' * many)[: many - 1]}1'"


def _arrays(style: Style, mentions: Mentions) -> Iterator[str]:
    if Odd.OTHERS in style.odd:
        yield "'{}'"
    if Odd.PARTS in style.odd and style.texts == "mixed":
        for part in mentions.parts:
            yield f"ARRAY[{_written(part)}, 'm', {_written(part)}]"


def _written(text: str) -> str:
    """Return a text as a constant in SQL that is ASCII, whatever the text contains."""
    if text.isascii():
        return literal(text)
    escaped = "".join(c if c.isascii() else f"\\{ord(c):04x}" for c in text)
    return f"U&{literal(escaped)}"


def _numbers(kind: Type, column: Column, style: Style, mentions: Mentions) -> Iterator[str]:
    if style.small:
        return
    if kind.name == "float8" and Odd.OTHERS in style.odd:
        yield from _FRACTIONS
    if mentions.computes and Odd.OTHERS in style.odd:
        yield from _computed(kind, column, mentions)
    if mentions.words.isdisjoint(_INEXACT):
        return
    if Odd.LARGE in style.odd:
        yield from _LARGE.get(kind.name, ())
    for odd, most in ((Odd.LARGE, 12), (Odd.LONG, 1000)):
        if odd in style.odd and kind.name == "numeric":
            yield from _long_number(column.modifier, most)


def _computed(kind: Type, column: Column, mentions: Mentions) -> Iterator[str]:
    """Yield numbers that arithmetic can change for good: by rounding, or because of their sign."""
    if kind.name in {"float4", "float8"}:
        yield from ("0", "-1.25", *rounded_floats(kind.name, mentions.factors))
    elif kind.name in {"int2", "int4", "int8"}:
        yield from ("-7", *rounded_numbers(0, mentions.factors))
    elif kind.name in {"numeric", "money"}:
        digits, scale = 20, 2
        if kind.name == "numeric" and column.modifier >= 4:
            digits, scale = (column.modifier - 4) >> 16, (column.modifier - 4) & 0x7FF
        if scale <= digits:
            numbers = (
                "0",
                *rounded_numbers(scale, mentions.factors),
                f"-{'1' if digits > scale else '0'}.25",
            )
            cast = "::pg_catalog.numeric" if kind.name == "money" else ""
            yield from (
                f"{n}{cast}"
                for n in numbers
                if len(n.lstrip("-").partition(".")[0]) <= max(1, digits - scale)
            )


def _long_number(modifier: int, most: int) -> Iterator[str]:
    """Yield a number with all digits that the column can hold, but at most `most`; not the largest one."""
    if modifier < 4:
        yield "12345678901234567890.1234567891" if most > 20 else "1234567890.12345"
        return
    digits, scale = (modifier - 4) >> 16, (modifier - 4) & 0x7FF
    if scale > digits:
        return
    whole = min(digits - scale, max(1, most - scale))
    number = ("1234567890" * 100)[:whole] or "0"
    yield f"{number}.{('7' * scale)}" if scale else number


def _documents(style: Style, mentions: Mentions) -> Iterator[str]:
    if Odd.OTHERS not in style.odd:
        return
    for path in mentions.paths:
        yield literal(json.dumps(_nested(path, 1)))
        yield literal(json.dumps(_nested(path, 0)))
    for part in mentions.parts:
        if re.fullmatch(r'"[^"]+"', part):
            yield literal(f"{{{part}: 1}}")
    yield literal("{}")
    yield literal('{"odd": null, "list": [1, null, "a"], "deep": {"er": null, "x": "Y"}}')


def _nested(path: Path, leaf: object) -> object:
    for key in reversed(path):
        leaf = {key: leaf}
    return leaf


_ARITHMETIC = frozenset(
    {
        *("abs", "sign", "greatest", "least", "floor", "ceil", "ceiling", "round", "trunc", "mod", "div"),
        *("sqrt", "power", "exp", "ln", "log"),
    }
)
"""Names of functions that can change numbers."""
_TEXT_ARRAYS = ("_text", "_varchar", "_bpchar")
_LARGE: Mapping[str, Sequence[str]] = {
    "int4": ("123456789",),
    "int8": ("123456789", "9007199254740993"),
}
"""Numbers that a floating-point type does not hold."""
_FRACTIONS = ("0.35", "0.41", "0.7", "1e-7", "12345678901.2345")
"""Numbers that change when they are multiplied by 100 and by 0.01."""
_FORMS: Mapping[str, Sequence[str]] = {
    "mixed": ("cafe\u0301 Zo\u00eb", "tab\tand\r\nline\n", " Three  Odd words ", "007", "x,,y"),
    "slug": ("a  ",),
    "digits": ("0098001", " 98002 ", "+98003"),
    "uuid": ("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12}"),
    "date": ("2024-1-5", "20240106", "2024-01-07 10:11:12.123456+05:30"),
    "time": ("1:02:07", "13:01 "),
    "boolean": ("yes", "f", "1", " TRUE"),
    "address": ("10.0.0.1/32", "FE80::0001"),
    "json": ('{"b":1, "a":2}', '{"a": 1.0, "a": null}'),
}
"""Texts that a cast reads, but that it writes in another way. By the form of the other texts."""
_OTHERS: Mapping[str, Sequence[str]] = {
    "array": ("'{}'",),
    "interval": ("'1 year 2 mons 3 days 04:05:06.789012'", "'36:00:00'"),
    "bytea": ("''",),
    "inet": ("'fe80::1/64'", "'10.1.2.3'"),
    "int4range": ("'(,)'",),
    "int8range": ("'(,)'",),
    "daterange": ("'(,)'",),
    "numrange": ("'(,)'", "'(1,2]'"),
    "tsrange": ("'(,)'", "'(2024-01-01,2024-01-02]'"),
    "tstzrange": ("'(,)'", "'(2024-01-01 00:00Z,2024-01-02 00:00Z]'"),
    "hstore": ("'a=>NULL'",),
}


def lengths(numbers: Iterable[str]) -> tuple[int, ...]:
    """Return those numbers that can be lengths of texts: the largest ones, without duplicates."""
    found = sorted({int(n) for n in numbers if n.isdigit() and len(n) < 6}, reverse=True)
    return tuple(n for n in found if 2 <= n <= _LONGEST)[:_MOST_LENGTHS]


_LONGEST = 70_000
_MOST_LENGTHS = 4
