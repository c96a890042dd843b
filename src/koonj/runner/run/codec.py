"""Convert frozen dataclasses to plain JSON values and back.

Used for the output of commands, for the rehearsal process and for cached rehearsals.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

Value = TypeVar("Value")


class PlainError(ValueError):
    """Raised when data does not have the form that this version of koonj writes."""


def to_plain(value: Any) -> Any:
    """Return `value` as JSON types.

    A dataclass becomes an object, a tuple a list, an enum its value, a time an ISO 8601 string.
    """
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    names = _field_names(kind)
    if names is not None:
        return {name: to_plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple):
        return [to_plain(part) for part in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


def json_text(plain: Any) -> str:
    """Return the JSON text of what `to_plain` returned, without holding other threads up.

    json.dumps keeps the interpreter for itself until it has finished: for a long list, long enough for a
    screen to miss frames. So each object of a long list is a call of its own.
    """
    return "".join(_json_pieces(plain))


_MANY = 100
"""A list with more values is long."""


def _json_pieces(plain: Any) -> Iterator[str]:
    if not _has_long_list(plain):
        yield json.dumps(plain)
    elif isinstance(plain, dict):
        for number, (key, value) in enumerate(plain.items()):
            yield f"{', ' if number else '{'}{json.dumps(key)}: "
            yield from _json_pieces(value)
        yield "}"
    else:
        for number, value in enumerate(plain):
            yield ", " if number else "["
            yield from _json_pieces(value)
        yield "]"


def _has_long_list(plain: Any) -> bool:
    if isinstance(plain, dict):
        return any(map(_has_long_list, plain.values()))
    return isinstance(plain, (list, tuple)) and (len(plain) > _MANY or any(map(_has_long_list, plain)))


_PLAIN = frozenset({str, int, float, bool, NoneType})
"""Types that are JSON themselves. A plan of 1,000 migrations has tens of thousands of such values."""


@cache
def _field_names(kind: type) -> tuple[str, ...] | None:
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None


def from_plain(kind: type[Value], data: Any) -> Value:
    """Build the dataclass `kind` from data of `to_plain`; ignore unknown keys.

    Supported field types: dataclasses, enums, tuples of one type, times, plain values, None.

    Raises:
        PlainError: `data` lacks a field, or a value has the wrong type.
    """
    value = _read(kind, data)
    assert isinstance(value, kind)
    return value


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _read(kind: Any, data: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _read_optional(kind, data)
    if origin is tuple:
        if not isinstance(data, list):
            raise PlainError(f"expected a list, got {data!r}")
        return tuple(_read(get_args(kind)[0], part) for part in data)
    if is_dataclass(kind):
        return _read_dataclass(kind, data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError as error:
            raise PlainError(str(error)) from error
    return _read_time(data) if kind is datetime else _read_scalar(kind, data)


def _read_scalar(kind: Any, data: Any) -> Any:
    if kind is float and isinstance(data, int):
        return float(data)
    if not isinstance(data, kind):
        raise PlainError(f"expected {kind.__name__}, got {data!r}")
    return data


def _read_time(data: Any) -> datetime:
    """Parse an ISO 8601 time, which must have a time zone."""
    try:
        time = datetime.fromisoformat(data)
    except (TypeError, ValueError) as error:
        raise PlainError(f"expected a time, got {data!r}") from error
    if time.tzinfo is None:
        raise PlainError(f"expected a time with a time zone, got {data!r}")
    return time


def _read_optional(kind: Any, data: Any) -> Any:
    if data is None:
        return None
    (inner,) = (part for part in get_args(kind) if part is not NoneType)
    return _read(inner, data)


def _read_dataclass(kind: Any, data: Any) -> Any:
    if not isinstance(data, dict):
        raise PlainError(f"expected an object, got {data!r}")
    hints = _hints(kind)
    values = {f.name: _read(hints[f.name], data[f.name]) for f in fields(kind) if f.name in data}
    try:
        return kind(**values)
    except TypeError as error:
        raise PlainError(str(error)) from error
