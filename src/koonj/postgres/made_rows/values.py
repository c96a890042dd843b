"""Make up one value of a type, as an SQL expression.

Values are not random: the same type, number and style give the same value. So columns of different tables
match, and two rehearsals see the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from koonj.postgres.made_rows.tables import Type, Types

NULL = "NULL"


class Odd(StrEnum):
    """Kind of odd values and rows, see odd_values.py and twins.py."""

    LONG = "long"
    """Numbers with all digits that their column can hold."""
    LARGE = "large"
    """Numbers that floating-point types do not hold."""
    LENGTHS = "lengths"
    """Texts that are longer than the numbers in the statements."""
    TEXTS = "texts"
    PARTS = "parts"
    """Texts that contain constants of the statements."""
    TWINS = "twins"
    """Rows that differ from another one in one column only."""
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Style:
    """How values are made up. A style that the statements refuse is replaced by the next one."""

    texts: str = "mixed"
    """Form of texts, a key of _TEXTS."""
    nulls: bool = True
    small: bool = False
    """Only numbers from 1 to the number of rows."""
    distinct: bool = False
    """No value twice in a column."""
    labels: tuple[str, ...] = ()
    """For the form ``labels``: the texts to choose from."""
    orphans: bool = True
    """A column that refers to a table by its name only also contains a value that is missing there."""
    literals: bool = True
    """Use constants from the statements."""
    rows: int = 9
    """Rows of each table, without those for constants in keys and for odd values."""
    apart: frozenset[tuple[str, str]] = frozenset()
    """Schemas and names of tables whose keys no other table has."""
    odd: frozenset[Odd] = frozenset(Odd)
    """Kinds of odd values in tables that the statements name."""


_TEXTS: Mapping[str, Callable[[int], str]] = {
    "mail": lambda i: f"k{i}@b.example",
    "digits": lambda i: f"{i}",
    "upper": lambda i: f"{chr(64 + (i - 1) % 26 + 1)}BC",
    "slug": lambda i: f"a{i}",
    "url": lambda i: f"https://x.example/{i}",
    "phone": lambda i: f"+49301234{i:03d}",
    "uuid": lambda i: f"{i:08x}-0000-4000-8000-{i:012x}",
    "date": lambda i: f"2024-01-{i % 28 + 1:02d}",
    "json": lambda i: f'{{"b": {i},  "a": 1}}',
    "address": lambda i: f"10.0.0.{i}",
    "boolean": lambda i: "true" if i % 2 else "false",
    "time": lambda i: f"01:02:{i % 60:02d}",
    "decimal": lambda i: f"{i}.5",
}
_MIXED: Sequence[Callable[[int], str]] = (
    lambda i: f"Text {i} x",
    lambda i: f" Padded {i} ",
    lambda i: f"UPPER {i}",  # NULL if the column can be
    lambda i: f"a,{i};c-d/{i}",
    lambda i: f"{i}",
    lambda i: f"lower{i}",  # NULL if the column can be
    lambda _: "",
    lambda i: f"k{i}@B.example",
    lambda i: f"long {i} " + "word " * 60 + "end",
)
_KEYS: Sequence[Callable[[int], str]] = (
    lambda i: f"K{i}x",
    lambda i: f"Key {i} xY",
    lambda i: f"k{i}@B.example",
)
FORMS = tuple(_TEXTS)
"""All forms of texts except mixed and labels."""


def literal(value: str) -> str:
    """Return a text as a constant in SQL. As sql.Literal, but much faster.

    A session of the scratch server has standard_conforming_strings on.
    """
    return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes up values of the types of one database."""

    types: Types
    style: Style = Style()
    large_objects: bool = False
    """Values of type oid are large objects."""

    def value(self, type_oid: int, modifier: int, i: int, *, key: bool = False) -> str:
        """Return the value number `i` of a type; NULL if koonj can make up none.

        `key`: the value must differ from those of all other numbers.
        """
        found = self.types.get(type_oid)
        return NULL if found is None else self._of(found, modifier, i, key=key or self.style.distinct)

    def _of(self, of: Type, modifier: int, i: int, *, key: bool) -> str:
        if of.base is not None:
            inner = self.types[of.base]
            return f"({self._of(inner, of.base_modifier, i, key=key)})::{of.text}"
        if of.labels is not None:
            return f"{literal(of.labels[(i - 1) % len(of.labels)])}::{of.text}" if of.labels else NULL
        if of.kind in "cmr" or of.element is not None:
            return self._composed(of, modifier, i, key=key)
        return self._base(of, modifier, i, key=key)

    def _composed(self, of: Type, modifier: int, i: int, *, key: bool) -> str:
        """Return a value of a composite type, an array, a range or a multirange."""
        if of.element is not None:
            elements = (self.value(of.element, modifier, k, key=key) for k in (i, i + 1))
            written = "pg_catalog.bpchar[]" if self.types[of.element].name == "bpchar" else of.text
            return f"ARRAY[{', '.join(elements)}]::{written}"
        if of.subtype is not None:
            low, high = (self._bound(self.types[of.subtype], k) for k in (3 * i, 3 * i + 2))
            return f"{of.text}({low}, {high})"
        parts = (self.value(part, mod, i + k, key=key) for k, (part, mod) in enumerate(of.parts or ()))
        return f"{of.text}()" if of.kind == "m" else f"ROW({', '.join(parts)})::{of.text}"

    def _bound(self, of: Type, i: int) -> str:
        """Return a bound of a range; a larger number gives a larger bound."""
        if of.category == "D" and of.name != "time":
            return f"{literal(str(date(2024, 1, 1) + timedelta(days=i)))}::{of.text}"
        return self._of(of, -1, i, key=True)

    def _base(self, of: Type, modifier: int, i: int, *, key: bool) -> str:
        name = of.name
        if of.category == "S" and name != "char":
            written = "pg_catalog.bpchar" if name == "bpchar" else of.text  # character is character(1)
            return f"{literal(self._text(i, _length(name, modifier), key=key))}::{written}"
        if name in {"int2", "int4", "int8"}:
            return f"({self._integer(name, i, key=key)})::{of.text}"
        if name == "numeric":
            return self._numeric(modifier, i, key=key)
        if name == "oid" and self.large_objects:
            return f"pg_catalog.lo_from_bytea(0, 'body {i}')"
        if name in _SIZED:
            return (
                f"{_SIZED[name](i, modifier)}::{of.text}" if "bit" not in name else _SIZED[name](i, modifier)
            )
        made = _BASES.get(name, _registered if name.startswith("reg") else str)(i)
        return (
            f"({made})::{of.text}"
            if name in _BASES or name.startswith("reg")
            else f"{literal(made)}::{of.text}"
        )

    def _text(self, i: int, length: int, *, key: bool) -> str:
        form = self.style.texts
        if form == "labels" and self.style.labels:
            return self.style.labels[(i - 1) % len(self.style.labels)]
        if form == "mixed":
            text = _KEYS[i % len(_KEYS)](i) if key else _MIXED[(i - 1) % len(_MIXED)](i)
        else:
            text = _TEXTS[form](i)
        if not length or len(text) <= length:
            return text
        return chr(96 + (i - 1) % 26 + 1) if length == 1 else f"{i}K{i}x{'abcdefgh'}"[:length]

    def _integer(self, name: str, i: int, *, key: bool) -> int:
        if key or self.style.small:
            return i
        return _INTEGERS[(i - 1) % len(_INTEGERS)](i) if name != "int2" else i * 3 % 32000

    def _numeric(self, modifier: int, i: int, *, key: bool) -> str:
        if modifier < 4:
            if key or self.style.small:
                return f"{i}"
            return f"{i}.3719" if i % 3 else f"{i}.{_MANY_DIGITS}"
        digits, scale = (modifier - 4) >> 16, (modifier - 4) & 0x7FF
        if scale > 0x3FF:
            return "0"
        whole = i % 10 ** max(0, digits - scale)
        fraction = (
            f"{(3719172839 + (i - 1) * 2971215073) % 10**10:010d}"[:scale] if not self.style.small else ""
        )
        return f"{whole}.{fraction}" if fraction else f"{whole}"


_MANY_DIGITS = "12345678901234567891"
"""Decimals of a number whose column does not limit them."""


def _length(name: str, modifier: int) -> int:
    """Return the maximum length of a text type; 0 if it has none."""
    if name in {"varchar", "bpchar"} and modifier > 4:
        return modifier - 4
    return 63 if name == "name" else 0


def _varied_bits(i: int, modifier: int) -> str:
    return f"B'{f'{i:b}'[:modifier] if modifier > 0 else f'{i:b}'}'"


def _bits(i: int, modifier: int) -> str:
    return f"B'{i:0{max(modifier, 1)}b}'"[: max(modifier, 1) + 2] + "'"


def _vector(i: int, modifier: int) -> str:
    return f"'[{','.join(f'0.{(i + k) % 9 + 1}' for k in range(modifier if modifier > 0 else 3))}]'"


def _registered(_: int) -> str:
    """Return the OID of pg_class, for types such as regclass."""
    return "1259::pg_catalog.oid"


_SIZED: Mapping[str, Callable[[int, int], str]] = {
    "bit": _bits,
    "varbit": _varied_bits,
    "vector": _vector,
    "halfvec": _vector,
}
_INTEGERS: Sequence[Callable[[int], int]] = (
    lambda i: 137 * i,
    lambda i: 0 * i,
    lambda i: 10 * i,
    lambda i: i,
    lambda i: 16777217 + 2 * i,
    lambda i: -i,
    lambda i: i + 1000,
    lambda i: 25 * i + 3,
)
_BASES: Mapping[str, Callable[[int], str]] = {
    "bool": lambda i: "true" if i % 2 else "false",
    "float4": lambda i: f"{i} / 7.0",
    "float8": lambda i: f"{i} / 7.0::pg_catalog.float8",
    "money": lambda i: f"{i}.37::pg_catalog.numeric",
    "date": lambda i: f"{literal(_day(i))}",
    "timestamp": lambda i: literal(f"{_day(i)} {i % 24:02d}:04:05.678901"),
    "timestamptz": lambda i: literal(f"{_day(i)} {i % 24:02d}:04:05.678901+00"),
    "time": lambda i: literal(f"{i % 24:02d}:02:03.456789"),
    "timetz": lambda i: literal(f"{i % 24:02d}:02:03.456789+02"),
    "interval": lambda i: literal(f"{i} days 03:04:05.678"),
    "json": lambda i: literal(f'{{"b": {i},  "a": 1, "b": {i}}}'),
    "jsonb": lambda i: literal(f'{{"b": {i}, "a": 1}}'),
    "uuid": lambda i: literal(f"{i:08x}-0000-4000-8000-{i:012x}"),
    "bytea": lambda i: f"'\\x00ff{i:02x}'",
    "oid": lambda i: f"{i}",
    "inet": lambda i: f"'10.0.0.{i % 250}/24'",
    "cidr": lambda i: f"'10.0.{i % 250}.0/24'",
    "macaddr": lambda i: f"'08:00:2b:01:02:{i % 256:02x}'",
    "macaddr8": lambda i: f"'08:00:2b:01:02:03:04:{i % 256:02x}'",
    "char": lambda i: literal(chr(97 + i % 26)),
    "xml": lambda i: f"'<a>{i}</a>'",
    "tsvector": lambda i: f"'word{i} text'",
    "tsquery": lambda i: f"'word{i} & text'",
    "point": lambda i: f"'({i},1)'",
    "line": lambda i: f"'{{1,2,{i}}}'",
    "lseg": lambda i: f"'[(0,0),({i},1)]'",
    "box": lambda i: f"'(0,0),({i},1)'",
    "path": lambda i: f"'[(0,0),({i},1)]'",
    "polygon": lambda i: f"'((0,0),({i},1),(1,1))'",
    "circle": lambda i: f"'<(0,0),{i}>'",
    "pg_lsn": lambda i: f"'0/{i:x}'",
    "hstore": lambda i: f"'a=>{i}'",
    "ltree": lambda i: f"'a.b{i}'",
    "jsonpath": lambda i: f"'$.a{i}'",
    "geometry": lambda i: f"'POINT({i} 1)'",
    "geography": lambda i: f"'POINT({i} 1)'",
}


def _day(i: int) -> str:
    """Return a date: most are past, one is long past, one lies in the future."""
    if i % 8 == 4:
        return f"2001-02-{i % 28 + 1:02d}"
    if i % 8 == 7:
        return f"2097-03-{i % 28 + 1:02d}"
    if i % 8 == 2:
        return f"{2020 + i % 4}-03-31"
    return f"{2022 + i % 4}-{i % 12 + 1:02d}-{i % 28 + 1:02d}"


def names_key(name: str) -> bool:
    """Return whether the name of a column says that it is a key."""
    return name == "id" or name.endswith(("_id", "Id", "_no", "_number"))
