"""Decide from type names whether ALTER COLUMN … TYPE writes the whole table anew.

Measured on PostgreSQL 15 and 18: https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES
"""

from __future__ import annotations

import re

_ALIASES = {
    **dict.fromkeys(("int", "int4", "serial", "serial4"), "integer"),
    **dict.fromkeys(("int8", "bigserial", "serial8"), "bigint"),
    **dict.fromkeys(("int2", "smallserial", "serial2"), "smallint"),
    **dict.fromkeys(("bool",), "boolean"),
    **dict.fromkeys(("float4",), "real"),
    **dict.fromkeys(("float", "float8"), "double precision"),
    **dict.fromkeys(("decimal", "dec"), "numeric"),
    **dict.fromkeys(("character varying", "char varying"), "varchar"),
    **dict.fromkeys(("character", "char", "bpchar"), "char"),
    **dict.fromkeys(("timestamp without time zone",), "timestamp"),
    **dict.fromkeys(("timestamp with time zone",), "timestamptz"),
    **dict.fromkeys(("time without time zone",), "time"),
    **dict.fromkeys(("time with time zone",), "timetz"),
    **dict.fromkeys(("bit varying",), "varbit"),
}
_WRITTEN_ANEW = frozenset(
    {"bigint", "integer", "smallint", "boolean", "uuid", "jsonb", "date", "real", "double precision"}
)
"""Types to which a column of another type cannot change without a rewrite, except from a domain over them."""
_KNOWN = _WRITTEN_ANEW | {
    *("numeric", "varchar", "text", "char", "timestamp", "timestamptz", "time", "timetz", "interval"),
    *("varbit", "bit", "cidr", "inet", "json", "bytea", "citext", "macaddr"),
}
_ZONES = frozenset({"timestamp", "timestamptz"})
"""A change between them is free if the session's TimeZone is UTC."""
_PARTS = re.compile(r"(?P<base>[a-z0-9_ ]+?)(?:\((?P<mods>[0-9 ,-]+)\)(?P<zone>[a-z ]*))?")

_Mods = tuple[int, ...]


def rewrites(before: str, after: str) -> bool:
    """Return whether a change of a column's type surely writes the table anew.

    `before`: empty if it is not known.
    """
    old, new = _parsed(before), _parsed(after)
    if new is None or (before and old is None):
        return False
    if old is None:
        return new[0] in _WRITTEN_ANEW
    if old[0] not in _KNOWN or new[0] not in _KNOWN:
        return False
    return not _is_free(old, new)


def _parsed(written: str) -> tuple[str, _Mods] | None:
    """Return base and numbers of a type; None if it is of another form, such as an array."""
    text = written.removeprefix("pg_catalog . ").replace(" (", "(").replace("( ", "(").replace(" )", ")")
    found = _PARTS.fullmatch(text)
    if found is None:
        return None
    base = " ".join(f"{found['base']} {found['zone'] or ''}".split())
    mods = tuple(int(part) for part in found["mods"].split(",") if part.strip()) if found["mods"] else ()
    return _ALIASES.get(base, base), mods


def _is_free(old: tuple[str, _Mods], new: tuple[str, _Mods]) -> bool:
    (base, mods), (new_base, new_mods) = old, new
    if old == new or (base != new_base and {base, new_base} <= _ZONES):
        return True
    if (base, new_base) in {("cidr", "inet"), ("citext", "text"), ("citext", "varchar"), ("text", "citext")}:
        return not new_mods
    if {base, new_base} <= {"varchar", "text"}:
        return not new_mods or (bool(mods) and mods[0] <= new_mods[0])
    if base != new_base or base in {"char", "bit"}:
        return False
    if base == "numeric":
        return not new_mods or (bool(mods) and _scale(mods) == _scale(new_mods) and mods[0] <= new_mods[0])
    return not new_mods or (bool(mods) and mods[0] <= new_mods[0])


def _scale(mods: _Mods) -> int:
    return mods[1] if len(mods) > 1 else 0
