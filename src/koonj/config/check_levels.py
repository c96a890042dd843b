"""Read [checks] of koonj.toml: the levels of safety rules, and the files that they do not apply to."""

from __future__ import annotations

from dataclasses import dataclass

from koonj.config.toml_file import TomlError, TomlFile, did_you_mean

_TABLE, _AFTER, _SQUAWK = "checks", "after", "squawk"
OFF = "off"
LEVELS = (OFF, "note", "warning", "error")


@dataclass(frozen=True, slots=True)
class CheckLevel:
    """The level that koonj.toml gives to a rule."""

    code: str
    level: str
    """One of `LEVELS`."""
    where: str
    """Its place: ``koonj.toml:7:1``."""


@dataclass(frozen=True, slots=True)
class CheckSettings:
    """The table [checks]."""

    levels: tuple[CheckLevel, ...] = ()
    after: int = 0
    """The safety rules apply to migrations with a larger number."""


NO_CHECKS = CheckSettings()
"""Without [checks], each rule has its own level."""


def read(file: TomlFile | None) -> CheckSettings:
    """Return the settings of safety rules. Whether the codes exist is not known here.

    Raises:
        TomlError: a level is invalid.
    """
    table = {} if file is None else file.table((_TABLE,))
    if file is None or not table:
        return NO_CHECKS
    after = file.get((_TABLE, _AFTER), int) if _AFTER in table else None
    return CheckSettings(
        tuple(_level(file, code) for code in table if code not in {_AFTER, _SQUAWK}), after or 0
    )


def _level(file: TomlFile, code: str) -> CheckLevel:
    keys = (_TABLE, code)
    if not isinstance(file.table((_TABLE,))[code], str) and "Did you" in (
        near := did_you_mean(code, (_SQUAWK, _AFTER))
    ):
        raise TomlError(f"{file.place(keys)}: unknown key {code!r}. {near}")
    level = file.get(keys, str)
    if level not in LEVELS:
        known = did_you_mean(str(level), LEVELS)
        raise TomlError(f"{file.place(keys)}: {code} must be 'off', 'note', 'warning' or 'error'. {known}")
    return CheckLevel(code, str(level), file.place(keys))
