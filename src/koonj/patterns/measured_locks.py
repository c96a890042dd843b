"""What the files of koonj's own patterns lock, as rehearsals have measured it; `make patterns` writes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data

from koonj.patterns.pattern import LIBRARY, Pattern

FACTS = LIBRARY / "locks.json"


@dataclass(frozen=True, slots=True)
class MeasuredLock:
    """A lock that the files of a pattern take on the table of a field."""

    mode: str
    stops: str
    """What it stops of others: ``reads and writes``, ``writes``, or nothing."""
    long: bool
    """Whether it is held while rows are read or written."""

    @property
    def words(self) -> str:
        """The lock, how long it is held, and what that stops."""
        held = "while rows are read or written" if self.long else "for an instant"
        return f"{self.mode} {held} (stops {self.stops})" if self.stops else f"{self.mode} {held}"

    @property
    def weight(self) -> tuple[bool, int, bool]:
        """How much it stops, to compare: first what stops something for long."""
        return bool(self.stops) and self.long, _STOPPED.index(self.stops), self.long


_STOPPED = ("", "writes", "reads and writes")


Locks = Mapping[str, tuple[MeasuredLock, ...]]
"""By field: the locks on its table, first what stops most: a narrow form cuts the rest."""


def measured_locks(pattern: Pattern) -> Locks:
    """Return the locks of a pattern; none for one of the project, whose files koonj has not measured."""
    return _all().get(pattern.key, {}) if pattern.path.parent == LIBRARY else {}


@cache
def _all() -> Mapping[str, Locks]:
    text = get_data(__package__, f"library/{FACTS.name}")
    assert text is not None
    facts = json.loads(text)
    return {
        key: {name: _sorted(MeasuredLock(**lock) for lock in locks) for name, locks in fields.items()}
        for key, fields in facts.items()
    }


def _sorted(locks: Iterable[MeasuredLock]) -> tuple[MeasuredLock, ...]:
    return tuple(sorted(locks, key=lambda lock: lock.weight, reverse=True))
