"""Read settings in the leading comments of a file: ``-- koonj: lock_timeout 5s``."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from koonj.config.duration import milliseconds
from koonj.sql.display import visible
from koonj.sql.ignores import is_ignore
from koonj.sql.markers import Mark, MarkPlace
from koonj.sql.problem import Problem, Severity
from koonj.sql.source import Source, line_and_column

_MOST_RETRIES = 100


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that applies to one file."""

    name: str
    """``lock_timeout``, ``lock_wait``, ``max_stall``, ``statement_timeout`` or ``retries``."""
    value: str
    """In PostgreSQL's notation, such as ``5s``; for retries a whole number."""
    line: int
    """1-based."""
    column: int
    """Column of the name: 1-based, in characters."""


def read_settings(source: Source, marks: Iterable[Mark]) -> tuple[tuple[Setting, ...], tuple[Problem, ...]]:
    """Return the settings of a file and their problems. Wrong settings are omitted."""
    settings: dict[str, Setting] = {}
    problems: list[Problem] = []
    for mark in marks:
        if mark.word != "koonj" or is_ignore(source, mark):
            continue
        if mark.place is not MarkPlace.LEADING:
            problems.append(misplaced_setting(*line_and_column(source, mark.start)))
            continue
        for setting in _written(source, mark):
            problem = _problem(setting, settings)
            if problem is None:
                settings[setting.name] = setting
            else:
                problems.append(problem)
    return tuple(settings.values()), tuple(problems)


def misplaced_setting(line: int, column: int) -> Problem:
    """Return the problem of a setting where koonj does not read settings."""
    return Problem(
        "misplaced-setting",
        Severity.ERROR,
        "koonj does not read a setting here.",
        "Move '-- koonj: …' to a separate line before the first statement.",
        line,
        column,
    )


def _written(source: Source, mark: Mark) -> Iterable[Setting]:
    """Yield the settings after ``-- koonj:``; commas separate several."""
    line, column = line_and_column(source, mark.end)
    text = source.line(line).removeprefix("\ufeff")[column - 1 :]
    for part in re.finditer(r"[^,]+", text):
        words = part[0].replace("=", " ").split()
        indent = len(part[0]) - len(part[0].lstrip())
        name = words[0].lower() if words else ""
        value = " ".join(words[1:]).strip("'")
        yield Setting(name, value, line, column + part.start() + indent)
    if not text.strip(" \t,"):
        yield Setting("", "", line, column)


def setting_problem(name: str, value: str) -> Problem | None:
    """Return what is wrong with a setting that is not in a file yet; None if it is right."""
    return _problem(Setting(name, value, 1, 1), {})


def _problem(setting: Setting, before: Mapping[str, Setting]) -> Problem | None:
    if not setting.name:
        return _error(setting, "unknown-setting", "No setting follows '-- koonj:'.", _KNOWN)
    if setting.name not in _VALUES:
        return _error(setting, "unknown-setting", f"Unknown setting: {visible(setting.name)}.", _KNOWN)
    if setting.name in before:
        message = f"{setting.name} is set twice. The first time is in line {before[setting.name].line}."
        return _error(setting, "repeated-setting", message, "Delete one of them.")
    is_good, what = _VALUES[setting.name]
    if is_good(setting.value):
        return None
    return _error(
        setting, "bad-setting", f"{setting.name} must be {what}, not '{visible(setting.value)}'.", _EXAMPLE
    )


def _error(setting: Setting, code: str, message: str, hint: str) -> Problem:
    return Problem(code, Severity.ERROR, message, hint, setting.line, setting.column)


_KNOWN = "Write lock_timeout, lock_wait, max_stall, statement_timeout or retries, followed by its value."
_EXAMPLE = "Examples: '-- koonj: lock_timeout 5s' or '-- koonj: retries 3'."


def _is_timeout(value: str) -> bool:
    return milliseconds(value) is not None


def _is_limit(value: str) -> bool:
    return bool(milliseconds(value))


def _is_count(value: str) -> bool:
    return value.isascii() and value.isdigit() and int(value[:9]) <= _MOST_RETRIES


_TIME = "a duration such as 500ms, 5s, 2min or 0 (no limit)"
_VALUES: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "lock_timeout": (_is_timeout, _TIME),
    "lock_wait": (_is_timeout, _TIME),
    "max_stall": (_is_limit, "a duration of at least 1ms, such as 500ms or 2s"),
    "statement_timeout": (_is_timeout, _TIME),
    "retries": (_is_count, f"a number from 0 to {_MOST_RETRIES}"),
}
