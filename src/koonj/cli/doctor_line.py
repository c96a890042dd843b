"""One line of `koonj doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DoctorLevel(StrEnum):
    """How important a line is."""

    OK = "ok"
    NOTE = "note"
    """Something is missing that not everybody needs."""
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class DoctorLine:
    """What koonj found about one thing.

    No text has a path, a user or a host: a user can copy it into a bug report.
    """

    name: str
    level: DoctorLevel
    text: str
    advice: str = ""
    """What to do about it."""


def ok(name: str, text: str) -> DoctorLine:
    """Return a line about something that works."""
    return DoctorLine(name, DoctorLevel.OK, text)


def note(name: str, text: str, advice: str = "") -> DoctorLine:
    """Return a line about something that is missing, and that not everybody needs."""
    return DoctorLine(name, DoctorLevel.NOTE, text, advice)


def error(name: str, text: str, advice: str) -> DoctorLine:
    """Return a line about something that the user must fix."""
    return DoctorLine(name, DoctorLevel.ERROR, text, advice)
