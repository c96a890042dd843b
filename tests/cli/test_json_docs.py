"""docs/json.md documents every event and every key."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.state_rules import State
from koonj.patterns.pattern import Field
from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.blockers import Blocker
from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.locks.trace import (
    ColumnChange,
    ConstraintChange,
    RelationChange,
    RelationLock,
    RowsWritten,
    Scan,
    StatementTrace,
)
from koonj.postgres.run_name import RunName
from koonj.runner.rehearse import events as rehearsal_events
from koonj.runner.rehearse.verdict import Rehearsal, RehearsalFailure
from koonj.runner.run import events, fleet_events, lock_events
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.event_codec import event_to_plain
from koonj.runner.run.events import Event, RunResult
from koonj.runner.run.failure import AwaitedLock, Failure
from koonj.runner.run.fleet_events import Outcome, PlanGroup, TargetResult
from koonj.runner.run.planned import Plan, PlannedMigration, PlannedStatement
from koonj.sql.problem import Problem
from support.command import Project

DOCS = (Path(__file__).parents[2] / "docs" / "json.md").read_text()
WORDS = frozenset(re.findall(r"[\w]+", DOCS))
EVENTS = [
    kind
    for kind in (vars(events) | vars(lock_events) | vars(rehearsal_events) | vars(fleet_events)).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
]


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_every_event_is_documented_with_its_fields(kind: type[Event]) -> None:
    names = [field.name for field in fields(kind)]
    event = object.__new__(kind)
    for name in names:
        object.__setattr__(event, name, None)
    shape = event_to_plain(event)
    (row,) = re.findall(rf"^\| `{shape['event']}` \|.*$", DOCS, re.M)
    assert {"event", "at", *names} == set(shape)
    assert set(names) - {"at"} <= set(re.findall(r"\w+", row))


VALUES: list[Any] = [
    HistoryEntry,
    ColumnChange,
    ConstraintChange,
    Difference,
    Rehearsal,
    RelationChange,
    RelationLock,
    Scan,
    StatementTrace,
    RehearsalFailure,
    RowsWritten,
    Failure,
    AwaitedLock,
    Blocker,
    Field,
    LockHolder,
    RunName,
    Conflict,
    Plan,
    PlannedMigration,
    PlannedStatement,
    PlanGroup,
    Problem,
    TargetResult,
]


@pytest.mark.parametrize("kind", VALUES)
def test_every_field_of_a_value_is_documented(kind: Any) -> None:
    assert {field.name for field in fields(kind)} <= WORDS


def test_every_state_and_run_result_is_documented() -> None:
    for word in (*State, *RunResult, *Outcome):
        assert f"`{word.value}`" in DOCS


def _keys(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(_keys, value.values()))
    return set().union(*map(_keys, value)) if isinstance(value, list) else set()


def test_every_key_of_the_reports_is_documented(project: Project) -> None:
    project.table(1)
    project.koonj("apply", "--yes")
    for command in ("status", "show 1", "history", "check", "patterns", "new x"):
        keys = _keys(project.koonj(*command.split(), "--json").json)
        assert {word for key in keys for word in re.findall(r"\w+", key)} <= WORDS, command
