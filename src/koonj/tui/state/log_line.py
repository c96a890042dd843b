"""A line of the log of a run, and the words of a result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from koonj.runner.run.events import RunResult
from koonj.tui.state.file_place import FileLine


class Tone(StrEnum):
    """Kind of a log line."""

    STEP = "step"
    DONE = "done"
    NOTICE = "notice"
    ATTENTION = "attention"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log."""

    at: float
    """Time of the event in Unix seconds."""
    tone: Tone
    text: str
    place: FileLine | None = None
    """The migration that it is about, and the line of the statement; None if it is about the whole run."""
    brief: tuple[str, str] | None = None
    """Name and facts of a migration that ended, for one line where the text would be wrapped."""


_RESULTS: Mapping[RunResult, tuple[Tone, str]] = MappingProxyType(
    {
        RunResult.DONE: (Tone.DONE, "done"),
        RunResult.NOTHING: (Tone.STEP, "nothing to do"),
        RunResult.DECLINED: (Tone.STEP, "not confirmed"),
        RunResult.REFUSED: (Tone.ATTENTION, "refused"),
        RunResult.FAILED: (Tone.BAD, "failed"),
        RunResult.CANCELLED: (Tone.ATTENTION, "cancelled"),
        RunResult.LOCKED: (Tone.ATTENTION, "locked"),
        RunResult.PROBED: (Tone.DONE, "probed"),
    }
)


def result_words(result: RunResult) -> tuple[Tone, str]:
    """Return the tone and the words of a result."""
    return _RESULTS[result]
