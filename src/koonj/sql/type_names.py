"""Compare types by the names that format_type returns."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LADDERS = (
    ("smallint", "integer", "bigint", "numeric"),
    ("real", "double precision"),
    ("smallint", "double precision"),
    ("smallint", "integer", "double precision"),
    ("date", "timestamp without time zone"),
    ("cidr", "inet"),
    ("macaddr", "macaddr8"),
    ("character", "character varying", "text"),
    ("name", "text"),
    ("jsonb", "json"),
)
"""Each type holds every value of those before it.

Source: https://www.postgresql.org/docs/current/datatype.html
"""

_TEXTS = frozenset({"text", "character varying"})
_COUNTED = frozenset({"character", "character varying", "bit", "bit varying"})
_PRECISE = frozenset(
    {
        "timestamp without time zone",
        "timestamp with time zone",
        "time without time zone",
        "time with time zone",
        "interval",
    }
)


@dataclass(frozen=True, slots=True)
class _Type:
    base: str
    mods: tuple[int, ...]
    array: str


def holds_all(before: str, after: str) -> bool:
    """Return whether type `after` holds every value of `before`; False if not sure."""
    old, new = _parse(before), _parse(after)
    if old.array != new.array:
        return new.base in _TEXTS and not new.mods and not new.array
    if old.base == new.base:
        return _mods_hold(old, new)
    if new.base in _TEXTS and not new.array:
        return _length_holds(old, new) if new.mods else True
    climbs = any(
        old.base in ladder and new.base in ladder and ladder.index(old.base) < ladder.index(new.base)
        for ladder in _LADDERS
    )
    return climbs and _room_for(old, new)


def _parse(name: str) -> _Type:
    array = "[]" * name.count("[]")
    name = name.replace("[]", "")
    mods = re.search(r"\(([-0-9, ]+)\)", name)
    base = " ".join(re.sub(r"\([-0-9, ]+\)", "", name).split())
    return _Type(base, tuple(int(part) for part in mods[1].split(",")) if mods else (), array)


def _mods_hold(old: _Type, new: _Type) -> bool:
    if old.mods == new.mods or not new.mods:
        return True
    if old.base == "numeric":
        return _numeric_holds(old, new)
    if old.base in _COUNTED:
        return _length_holds(old, new)
    return old.base in _PRECISE and bool(old.mods) and new.mods[0] >= old.mods[0]


def _length_holds(old: _Type, new: _Type) -> bool:
    return old.base in _COUNTED and bool(old.mods) and new.mods[0] >= old.mods[0]


def _numeric_holds(old: _Type, new: _Type) -> bool:
    if not old.mods:
        return False
    (old_all, old_scale), (new_all, new_scale) = _scaled(old), _scaled(new)
    return new_scale >= old_scale and new_all - new_scale >= old_all - old_scale


def _scaled(one: _Type) -> tuple[int, int]:
    return (one.mods[0], one.mods[1]) if len(one.mods) > 1 else (one.mods[0], 0)


_DIGITS = {"smallint": 5, "integer": 10, "bigint": 19}


def _room_for(old: _Type, new: _Type) -> bool:
    """Return whether a modifier of the new type, which has another base, leaves room."""
    if not new.mods:
        return True
    if new.base == "numeric" and old.base in _DIGITS:
        whole, scale = _scaled(new)
        return whole - scale >= _DIGITS[old.base]
    if new.base in _PRECISE:
        return True  # the old type is a date, which has no fractions of a second
    return _length_holds(old, new)
