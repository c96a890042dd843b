"""Write more patient settings into the leading comments of a file: ``-- koonj: lock_wait 20min``."""

from __future__ import annotations

import re
from collections.abc import Mapping

from koonj.config.duration import milliseconds
from koonj.sql.sections import parse

LOCK_NOT_AVAILABLE = "55P03"
REPEATABLE = frozenset({"40001", "40P01"})
"""SQLSTATEs of a serialization failure and a deadlock."""
_RETRIES = "5"
_UNITS = (("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1))
_COMMENT = re.compile(r"[ \t]*--(?![ \t]*rollback\b)", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")


def patient_settings(sqlstate: str | None, lock_wait: str, max_stall: str, retries: int) -> Mapping[str, str]:
    """Return settings with which a migration that failed would have waited longer, or tried again.

    `lock_wait`, `max_stall` and `retries` are those that it ran with. Empty if no setting would help.
    """
    if sqlstate in REPEATABLE:
        return {} if retries else {"retries": _RETRIES}
    if sqlstate != LOCK_NOT_AVAILABLE:
        return {}
    asked = {"lock_wait": lock_wait, "max_stall": max_stall}
    return {name: _double(value) for name, value in asked.items() if milliseconds(value)}


def with_settings(text: str, wanted: Mapping[str, str]) -> str | None:
    """Return the text of a file with these settings; None if koonj cannot place them for certain.

    A setting that the file has gets its new value in place; others come in a line after the first comments.
    """
    before, new = parse(text), text
    if any(problem.code.endswith("-setting") for problem in before.problems):
        return None
    for setting in sorted(before.settings, key=lambda one: (one.line, one.column), reverse=True):
        if setting.name in wanted:
            new = _replaced(new, setting.line, setting.column, setting.value, wanted[setting.name])
    present = {setting.name for setting in before.settings}
    missing = [f"{name} {value}" for name, value in wanted.items() if name not in present]
    if missing:
        new = _inserted(new, f"-- koonj: {', '.join(missing)}")
    found = parse(new)
    values = {setting.name: setting.value for setting in found.settings}
    kept = [problem.code for problem in found.problems] == [problem.code for problem in before.problems]
    wished = {**{setting.name: setting.value for setting in before.settings}, **wanted}
    return new if kept and values == wished else None


def _double(value: str) -> str:
    time = 2 * (milliseconds(value) or 0)
    unit, size = next((unit, size) for unit, size in _UNITS if time % size == 0)
    return f"{time // size}{unit}"


def _replaced(text: str, line: int, column: int, old: str, new: str) -> str:
    """Return the text with another value of the setting whose name is at that place."""
    lines = _LINE_END.split(text)
    start = sum(map(len, lines[: line - 1])) + sum(len(end[0]) for end in _ends(text)[: line - 1])
    at = text.find(old, start + column - 1)
    return text[:at] + new + text[at + len(old) :]


def _ends(text: str) -> list[re.Match[str]]:
    return list(_LINE_END.finditer(text))


def _inserted(text: str, comment: str) -> str:
    """Return the text with a comment after those at its start."""
    ends = _ends(text)
    newline, at = (ends[0][0] if ends else "\n"), 0
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    starts = [len(mark), *(end.end() for end in ends)]
    for start, end in zip(starts, ends, strict=False):
        if _COMMENT.match(text, start) is None:
            break
        at = end.end()
    at = max(at, len(mark))
    return f"{text[:at]}{comment}{newline}{text[at:]}"
