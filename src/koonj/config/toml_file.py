"""A TOML file whose mistakes can be named with their line."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn, TypeVar

Kind = TypeVar("Kind")
_TYPES: Mapping[type, str] = {
    str: "a string",
    bool: "true or false",
    dict: "a table",
    int: "a number",
    list: "an array",
}


class TomlError(Exception):
    """The file cannot be used. The message begins with ``file:line``."""


class TomlFile:
    """A parsed file: values by their keys, and where they stand."""

    def __init__(self, path: Path, shown: str) -> None:
        """Reads `path`, which messages call `shown`. Raises TomlError."""
        self.shown = shown
        try:
            self._text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise TomlError(f"{shown}: cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise TomlError(
                f"{shown}: not UTF-8: byte 0x{error.object[error.start]:02x} at {error.start}."
            ) from error
        try:
            self.data = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            raise TomlError(f"{shown}: not TOML: {error}.") from error
        except RecursionError as error:
            raise TomlError(f"{shown}: not usable: nested too deeply.") from error

    def fail(self, keys: Sequence[str], message: str) -> NoReturn:
        """Raises TomlError for what stands under `keys`."""
        line = self.line(keys)
        where = f"{self.shown}:{line}" if line else self.shown
        raise TomlError(f"{where}: {message}")

    def line(self, keys: Sequence[str]) -> int | None:
        """The line (1-based) on which the value of these keys begins; None for no keys.

        tomllib tells no positions of what is valid, so ever longer prefixes are parsed until the value is
        there. It begins after the last prefix that is whole. Only mistakes are looked up, in short files.
        """
        lines = self._text.splitlines(keepends=True) if keys else []
        begin = 1
        for end in range(1, len(lines) + 1):
            try:
                data = tomllib.loads("".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue  # it ends inside a value
            if _has(data, keys):
                return begin
            begin = end + 1
        return None

    def table(self, keys: Sequence[str]) -> Mapping[str, object]:
        """The table under `keys`; empty where there is none. Raises TomlError."""
        table: dict[str, object] | None = self.get(keys, dict)
        return table or {}

    def get(self, keys: Sequence[str], kind: type[Kind]) -> Kind | None:
        """The value under `keys`, None where there is none. Raises TomlError where it is of another type."""
        value: object = self.data
        for key in keys:
            if not isinstance(value, dict) or key not in value:
                return None
            value = value[key]
        if type(value) is not kind:
            self.fail(
                keys, f"{'.'.join(keys)} must be {_TYPES[kind]}, not {_TYPES.get(type(value), 'this')}."
            )
        return value

    def only(self, keys: Sequence[str], known: Iterable[str]) -> None:
        """Raises TomlError where the table under `keys` has a key that is not one of `known`."""
        names = list(known)
        for key in self.table(keys):
            if key not in names:
                self.fail((*keys, key), f"unknown key {key!r}. {did_you_mean(key, names)}")


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """A sentence that names the nearest of the known words, or all of them."""
    import difflib  # noqa: PLC0415 - 9 ms that only a mistake needs

    near = difflib.get_close_matches(word.lower(), known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known) or 'none'}."


def _has(data: object, keys: Sequence[str]) -> bool:
    for key in keys:
        if not isinstance(data, dict) or key not in data:
            return False
        data = data[key]
    return True
