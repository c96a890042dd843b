"""The events of a run, as lines of JSON."""

from __future__ import annotations

from datetime import datetime

import pytest

from support.command import Project


def test_json_is_one_event_per_line(project: Project) -> None:
    name = project.table(1)
    answer = project.koonj("apply", "--yes", "--json")
    assert answer.code == 0
    assert [event["event"] for event in answer.events] == [
        "run_started",
        "plan_made",
        "lock_acquired",
        "migration_started",
        "statement_started",
        "statement_finished",
        "migration_finished",
        "run_finished",
    ]
    assert all(event["koonj"] == 1 and datetime.fromisoformat(event["at"]).tzinfo for event in answer.events)
    assert answer.events[1]["plan"]["migrations"][0]["statements"][0]["summary"] == "create table t1"
    assert answer.events[-1]["result"] == "done"
    assert answer.events[-1]["committed"] == [name]


def test_json_contains_the_failure(project: Project) -> None:
    project.write("001_bad.sql", "SELECT nothing;")
    answer = project.koonj("apply", "--yes", "--json")
    assert answer.code == 1
    failed, last = answer.events[-2:]
    assert (failed["event"], last["event"], last["result"]) == ("migration_failed", "run_finished", "failed")
    failure = failed["failure"]
    assert (failure["sqlstate"], failure["line"], failure["column"]) == ("42703", 1, 8)


@pytest.mark.parametrize("argv", ["apply --target nope", "rollback --confirm nope", "apply 7_nope"])
def test_run_that_cannot_start_is_one_line_of_json(project: Project, argv: str) -> None:
    answer = project.koonj(*argv.split(), "--json")
    assert answer.code == 2
    (line,) = answer.events
    assert set(line) == {"koonj", "command", "error"}
    assert (line["koonj"], line["command"]) == (1, argv.split(maxsplit=1)[0])
    assert set(line["error"]) == {"message", "hint"}
