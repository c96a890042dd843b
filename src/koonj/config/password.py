"""Read the source of a password from koonj.toml, never the password itself."""

from __future__ import annotations

from pathlib import Path

from koonj.config import dsn as dsn_rules
from koonj.config.settings import FILE_NAME, Password
from koonj.config.toml_file import TomlFile

_SOURCES = ("env", "file", "command")


def password_of(file: TomlFile, keys: tuple[str, ...], root: Path) -> Password | None:
    """Return the password source under these keys; None if there is none.

    Raises:
        TomlError: the value is not a password source.
    """
    if isinstance(file.table(keys[:-1]).get(keys[-1]), str):
        file.fail(keys, f"do not write a password into {FILE_NAME}. {dsn_rules.INSTEAD}")
    table = file.table(keys)
    if keys[-1] not in file.table(keys[:-1]):
        return None
    file.only(keys, _SOURCES)
    if len(table) != 1:
        file.fail(keys, f"password needs exactly one of {', '.join(_SOURCES)}.")
    source = next(iter(table))
    value = file.get((*keys, source), str)
    if not value:
        file.fail((*keys, source), f"password.{source} is empty.")
    if source == "file":
        value = str(root / Path(value).expanduser())
    return Password(source, value, f"{file.shown}:{file.line((*keys, source))}")
