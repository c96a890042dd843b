"""Decide which events of a run get a line in its journal, so that a fast run costs little.

A migration in one transaction that takes less than 0.1 s gets one line. A statement has lines only outside a
transaction, or when it has run for 0.1 s. Of the messages of the server, 1,000 a migration are written. The
journal of a run on several targets has the lines of the run on each of them, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from koonj.runner.run.codec import PlainError
from koonj.runner.run.event_codec import event_from_plain, event_to_plain
from koonj.runner.run.events import (
    Event,
    MigrationFailed,
    MigrationFinished,
    MigrationStarted,
    Notice,
    PlanMade,
    RunFinished,
    StatementFinished,
    StatementStarted,
)
from koonj.runner.run.planned import Plan
from koonj.runner.run.target_event import TargetEvent


def without_row_checks(plan: Plan) -> Plan:
    """Return a plan without what the target's rows answered: a file must not keep their keys."""
    return replace(plan, migrations=tuple(replace(one, row_checks=()) for one in plan.migrations))


HOLD = 0.1
"""Seconds for which the start of a migration or a statement is held back, since its end can replace it."""

MOST_NOTICES = 1000
_MOST_TEXT = 8192
_WHOLE = "migration_ran"
"""Name of the line that stands for the start and the end of a migration."""
_OF_TARGET = "target_event"
"""Name of the line that has a line of the run on one of several targets."""


@dataclass(frozen=True, slots=True)
class _Held:
    event: MigrationStarted | StatementStarted
    since: float


class JournalLines:
    """The lines of one run, or of those on several targets, as JSON values."""

    def __init__(self) -> None:
        self._migration: _Held | None = None
        self._statement: _Held | None = None
        self._running: MigrationStarted | None = None
        self._statement_written = False
        self._notices = 0
        self._of_targets: dict[str, JournalLines] = {}

    @property
    def holds(self) -> bool:
        """Whether the start of a migration or statement is held back."""
        own = self._migration is not None or self._statement is not None
        return own or any(lines.holds for lines in self._of_targets.values())

    def add(self, event: Event, now: float) -> Iterator[dict[str, Any]]:
        """Yield the lines that are to be written when `event` happens. `now`: in monotonic seconds."""
        match event:
            case MigrationStarted():
                yield from self._start(event, now)
            case StatementStarted():
                yield from self._start_statement(event, now)
            case StatementFinished():
                self._statement = None
                if self._statement_written:
                    self._statement_written = False
                    yield event_to_plain(event)
            case MigrationFinished():
                yield from self._finish(event)
            case Notice():
                yield from self._notice(event)
            case TargetEvent():
                yield from self._add_of_target(event, now)
            case PlanMade():
                yield event_to_plain(replace(event, plan=without_row_checks(event.plan)))
            case _:
                yield from self._started()
                if isinstance(event, MigrationFailed):
                    yield from self._omitted()
                yield event_to_plain(event)

    def due(self, now: float) -> Iterator[dict[str, Any]]:
        """Yield the lines that were held back for long enough."""
        if self._statement is not None and now - self._statement.since >= HOLD:
            yield from self._started()
            yield event_to_plain(self._statement.event)
            self._statement, self._statement_written = None, True
        elif self._migration is not None and now - self._migration.since >= HOLD:
            yield from self._started()
        for target, lines in self._of_targets.items():
            yield from _of_target(target, lines.due(now))

    def _add_of_target(self, event: TargetEvent, now: float) -> Iterator[dict[str, Any]]:
        lines = self._of_targets.setdefault(event.target, JournalLines())
        yield from _of_target(event.target, lines.add(event.event, now))
        if isinstance(event.event, RunFinished):
            del self._of_targets[event.target]

    def _start(self, event: MigrationStarted, now: float) -> Iterator[dict[str, Any]]:
        self._running, self._statement, self._notices = event, None, 0
        self._statement_written = False
        if event.in_transaction:
            self._migration = _Held(event, now)
        else:
            self._migration = None
            yield event_to_plain(event)

    def _start_statement(self, event: StatementStarted, now: float) -> Iterator[dict[str, Any]]:
        if self._running is not None and self._running.in_transaction:
            self._statement, self._statement_written = _Held(event, now), False
        else:
            self._statement_written = True
            yield event_to_plain(event)

    def _finish(self, event: MigrationFinished) -> Iterator[dict[str, Any]]:
        held, self._migration, self._statement = self._migration, None, None
        if held is None:
            yield from self._omitted()
            yield event_to_plain(event)
        else:
            start = held.event
            assert isinstance(start, MigrationStarted)
            yield {**event_to_plain(event), "event": _WHOLE, "index": start.index, "of": start.of}

    def _started(self) -> Iterator[dict[str, Any]]:
        held, self._migration = self._migration, None
        if held is not None:
            yield event_to_plain(held.event)

    def _notice(self, event: Notice) -> Iterator[dict[str, Any]]:
        yield from self._started()
        self._notices += 1
        if self._notices <= MOST_NOTICES:
            message = _shortened(event.message) or ""
            detail, hint = _shortened(event.detail), _shortened(event.hint)
            yield event_to_plain(replace(event, message=message, detail=detail, hint=hint))

    def _omitted(self) -> Iterator[dict[str, Any]]:
        more, self._notices = self._notices - MOST_NOTICES, 0
        if more > 0 and self._running is not None:
            text = f"{more:,} more messages of the server are not in the journal of the run."
            yield event_to_plain(Notice(self._running.name, "INFO", text))


def _of_target(target: str, lines: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for line in lines:
        yield {"event": _OF_TARGET, "target": target, "line": line}


def events_of_line(data: Mapping[str, Any]) -> tuple[Event, ...]:
    """Return the events that a line stands for; none if this version of koonj does not know it.

    Raises:
        PlainError: the line is not one that koonj writes.
    """
    if data.get("event") == _OF_TARGET:
        target, line = data.get("target"), data.get("line")
        if not (isinstance(target, str) and isinstance(line, dict)):
            raise PlainError("a line of a target without its target")
        return tuple(TargetEvent(target, event, at=event.at) for event in events_of_line(line))
    if data.get("event") != _WHOLE:
        event = event_from_plain(data)
        return () if event is None else (event,)
    finish = event_from_plain({**data, "event": "migration_finished"})
    assert isinstance(finish, MigrationFinished)
    began = finish.at - timedelta(seconds=finish.seconds)
    start = event_from_plain(
        {**data, "event": "migration_started", "at": datetime.isoformat(began), "in_transaction": True}
    )
    assert start is not None
    return start, finish


def _shortened(text: str | None) -> str | None:
    return text if text is None or len(text) <= _MOST_TEXT else f"{text[:_MOST_TEXT]}…"
