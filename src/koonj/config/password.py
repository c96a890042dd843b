"""Read the source of a password from koonj.toml, never the password itself."""

from __future__ import annotations

from pathlib import Path

from koonj.config import dsn as dsn_rules
from koonj.config.duration import milliseconds
from koonj.config.settings import FILE_NAME, Password
from koonj.config.toml_file import TomlFile

_SOURCES = ("env", "file", "command", "aws_rds", "keyring")
_OF_COMMAND = ("expires", "asks")


def password_of(file: TomlFile, keys: tuple[str, ...], root: Path, dsn: str | None) -> Password | None:
    """Return the password source under these keys; None if there is none. `dsn`: for what it is the password.

    Raises:
        TomlError: the value is not a password source.
    """
    if isinstance(file.table(keys[:-1]).get(keys[-1]), str):
        file.fail(keys, f"do not write a password into {FILE_NAME}. {dsn_rules.INSTEAD}")
    table = file.table(keys)
    if keys[-1] not in file.table(keys[:-1]):
        return None
    file.only(keys, (*_SOURCES, *_OF_COMMAND))
    sources = [name for name in _SOURCES if name in table]
    if len(sources) != 1:
        file.fail(keys, f"password needs exactly one of {', '.join(_SOURCES)}.")
    source = sources[0]
    _only_of_command(file, keys, source)
    if source in {"aws_rds", "keyring"}:
        from koonj.config import password_service  # noqa: PLC0415 - few targets have one

        read = password_service.aws_rds if source == "aws_rds" else password_service.keyring
        return read(file, (*keys, source), dsn or "")
    value = file.get((*keys, source), str)
    if not value:
        file.fail((*keys, source), f"password.{source} is empty.")
    if source == "file":
        value = str(root / Path(value).expanduser())
    where = f"{file.shown}:{file.line((*keys, source))}"
    return Password(source, value, where, _lifetime(file, keys), file.get((*keys, "asks"), bool))


def _only_of_command(file: TomlFile, keys: tuple[str, ...], source: str) -> None:
    """Check that what only a command has is not given for another source. Raises TomlError."""
    for name in _OF_COMMAND if source != "command" else ():
        if name in file.table(keys):
            file.fail((*keys, name), f"{name} is only for a password that a command brings.")


def _lifetime(file: TomlFile, keys: tuple[str, ...]) -> float | None:
    """Return the seconds after which the password of a command expires. Raises TomlError."""
    given = file.get((*keys, "expires"), str)
    if given is None:
        return None
    lifetime = milliseconds(given)
    if lifetime is None:
        file.fail(
            (*keys, "expires"),
            f"expires = {given!r} is not a duration. Use for example '15min' or '1h'; "
            "'0' runs the command for every connection.",
        )
    return lifetime / 1000
