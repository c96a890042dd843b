"""Tests of the conversion of values to JSON and back."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest

from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.locks.trace import ColumnChange, LockMode, RelationLock, Scan, StatementTrace
from koonj.runner.rehearse.events import MigrationRehearsalFinished, parse_event
from koonj.runner.rehearse.verdict import Rehearsal, RehearsalFailure, Verdict
from koonj.runner.run import events, lock_events
from koonj.runner.run.codec import PlainError, from_plain, to_plain
from koonj.runner.run.events import Event

TRACE = StatementTrace(
    index=1,
    line=4,
    summary="alter table documents add column status",
    in_transaction=True,
    seconds=0.25,
    locks=(RelationLock("public.documents", "table", LockMode.ACCESS_EXCLUSIVE),),
    scanned=(Scan("public.documents", 1, 0),),
    columns=(ColumnChange("public.documents", "status", "added", after="text", existed=False),),
)
REHEARSAL = Rehearsal(
    name="016_add_status.sql",
    number=16,
    verdict=Verdict.INCOMPLETE,
    message="“what” is left",
    cache_key="k",
    server="PostgreSQL 18.6",
    major=18,
    differences=(Difference("index", "public.i", None, "CREATE INDEX …"),),
    apply=(TRACE,),
    failure=RehearsalFailure(
        "reapply", "016_add_status.sql", "m/016_add_status.sql", 1, 4, None, "no", "42P07"
    ),
)


def test_value_is_equal_after_conversion_to_json_and_back() -> None:
    assert from_plain(Rehearsal, json.loads(json.dumps(to_plain(REHEARSAL)))) == REHEARSAL


def test_json_line_of_the_command_is_read_as_its_event() -> None:
    event = MigrationRehearsalFinished(
        at=datetime(2026, 8, 1, 12, 0, 1, 500_000, UTC), index=1, of=2, cached=False, rehearsal=REHEARSAL
    )
    line = json.dumps({"koonj": 1, "event": "migration_rehearsal_finished", **to_plain(event)})
    assert parse_event(line) == event


def test_unknown_keys_and_events_are_ignored() -> None:
    assert from_plain(Rehearsal, {**to_plain(REHEARSAL), "newer": [1]}) == REHEARSAL
    assert parse_event('{"event": "of_a_newer_koonj", "at": 1}') is None


@pytest.mark.parametrize(
    "broken",
    [
        {"verdict": "splendid"},
        {"apply": "none"},
        {"apply": [1]},
        {"number": "16"},
        {"major": None},
    ],
)
def test_wrong_type_or_value_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(PlainError):
        from_plain(Rehearsal, {**to_plain(REHEARSAL), **broken})


@pytest.mark.parametrize("missing", ["name", "verdict"])
def test_missing_key_is_refused(missing: str) -> None:
    data = to_plain(REHEARSAL)
    del data[missing]
    with pytest.raises(PlainError):
        from_plain(Rehearsal, data)


@pytest.mark.parametrize("line", ["", "[]", "koonj: error", "{}"])
def test_line_that_is_not_an_event_is_refused(line: str) -> None:
    with pytest.raises(PlainError):
        parse_event(line)


EVENTS = [
    kind
    for kind in (vars(events) | vars(lock_events)).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
]


def _unreadable(kind: Any, path: str) -> list[str]:
    """Return the fields below a type that `from_plain` cannot read."""
    parts = [part for part in get_args(kind) if part is not NoneType]
    if get_origin(kind) in (Union, UnionType):
        return _unreadable(parts[0], path) if len(parts) == 1 else [path]
    if get_origin(kind) is tuple:
        return _unreadable(parts[0], path) if parts[1:] == [...] else [path]
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return [wrong for f in fields(kind) for wrong in _unreadable(hints[f.name], f"{path}.{f.name}")]
    known = isinstance(kind, type) and (issubclass(kind, Enum) or kind in (str, int, float, bool, datetime))
    return [] if known else [path]


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_event_can_be_read_back_from_a_journal(kind: type[Event]) -> None:
    assert _unreadable(kind, kind.__name__) == []
