"""Read a TOML file and report errors with their line."""

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
    """Raised when the file cannot be used. The message starts with ``file:line``."""


class TomlFile:
    """A parsed TOML file: values by their keys, and their lines."""

    def __init__(self, path: Path, shown: str) -> None:
        """Read `path`, which messages call `shown`.

        Raises:
            TomlError: the file cannot be read or is not valid TOML.
        """
        self.shown = shown
        try:
            self._text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise TomlError(f"{shown}: cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise TomlError(
                f"{shown}: not UTF-8 (byte 0x{error.object[error.start]:02x} at offset {error.start})."
            ) from error
        try:
            self.data = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            raise TomlError(f"{shown}: not valid TOML: {error}.") from error
        except RecursionError as error:
            raise TomlError(f"{shown}: nested too deeply.") from error

    def fail(self, keys: Sequence[str], message: str) -> NoReturn:
        """Raise TomlError for the value under `keys`."""
        line = self.line(keys)
        where = f"{self.shown}:{line}" if line else self.shown
        raise TomlError(f"{where}: {message}")

    def place(self, keys: Sequence[str]) -> str:
        """Return file, line and column of the last of these keys: ``koonj.toml:7:1``."""
        line = self.line(keys)
        if not line:
            return self.shown
        column = self._text.splitlines()[line - 1].find(keys[-1]) + 1
        return f"{self.shown}:{line}:{column}" if column else f"{self.shown}:{line}"

    def line(self, keys: Sequence[str]) -> int | None:
        """Return the line (1-based) where the value of these keys starts.

        None if `keys` is empty. tomllib reports no positions of valid values. So this parses ever longer
        prefixes until the value is there; it starts after the last prefix that is valid. Only errors need a
        line, and the files are short.
        """
        lines = self._text.splitlines(keepends=True) if keys else []
        begin = 1
        for end in range(1, len(lines) + 1):
            try:
                data = tomllib.loads("".join(lines[:end]))
            except tomllib.TOMLDecodeError:
                continue  # the prefix ends inside a value
            if _has(data, keys):
                return begin
            begin = end + 1
        return None

    def table(self, keys: Sequence[str]) -> Mapping[str, object]:
        """Return the table under `keys`; empty if it does not exist.

        Raises:
            TomlError: the value is not a table.
        """
        table: dict[str, object] | None = self.get(keys, dict)
        return table or {}

    def get(self, keys: Sequence[str], kind: type[Kind]) -> Kind | None:
        """Return the value under `keys`; None if it does not exist.

        Raises:
            TomlError: the value has another type.
        """
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
        """Check that the table under `keys` has no other keys than `known`.

        Raises:
            TomlError: it has an unknown key.
        """
        names = list(known)
        for key in self.table(keys):
            if key not in names:
                self.fail((*keys, key), f"unknown key {key!r}. {did_you_mean(key, names)}")


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return a sentence with the most similar known word, or with all of them."""
    import difflib  # noqa: PLC0415 - takes 9 ms, and only errors need it

    near = difflib.get_close_matches(word.lower(), known, n=1)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known) or 'none'}."


def _has(data: object, keys: Sequence[str]) -> bool:
    for key in keys:
        if not isinstance(data, dict) or key not in data:
            return False
        data = data[key]
    return True
