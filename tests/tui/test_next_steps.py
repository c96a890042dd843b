"""Next steps after a run that did not succeed: the useful keys, best first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunFinished, RunResult
from koonj.runner.run.failure import Failure
from koonj.runner.run.planned import Plan, PlannedMigration
from koonj.sql.transactions import Mode
from koonj.tui.render.next_steps import next_keys
from koonj.tui.state.run import RunView
from koonj.tui.toolkit.capabilities import Terminal
from support.screen import Project

FAILURE = Failure(
    name="003_add_status.sql",
    direction=Direction.APPLY,
    statement=1,
    of=2,
    file="003_add_status.sql",
    line=1,
    column=1,
    source_line="",
    sqlstate="42P01",
    severity="ERROR",
    message="no such thing",
)


def ended(verdict: RunResult, direction: Direction = Direction.APPLY, **result: Any) -> RunView:
    finished = RunFinished(result=verdict, message="", **result)
    return RunView("local", direction, 0.0, finished=finished, ended=1.0)


def keys(view: RunView) -> str:
    return ", ".join(f"{key} {label}" for key, label in next_keys(view))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "i edit 003, a try again"),
        ({"sqlstate": "55P03"}, "a try again, L wait longer in 003, i edit 003"),
        ({"sqlstate": None}, "a try again, i edit 003"),
        ({"name": "", "sqlstate": "08006"}, "R refresh the target, a try again"),
    ],
)
def test_failure_shows_next_steps(changes: dict[str, Any], expected: str) -> None:
    assert keys(ended(RunResult.FAILED, failure=replace(FAILURE, **changes))) == expected


def test_interrupted_migration_is_settled_first() -> None:
    conflict = Conflict("003_fill.sql", "interrupted", "was interrupted", "", can_allow=False)
    assert keys(ended(RunResult.REFUSED, conflicts=(conflict,))) == "s settle 003, a try again"


def test_decision_that_was_not_carried_out_is_made_again() -> None:
    view = replace(ended(RunResult.FAILED), settling="003_fill.sql")
    assert keys(view) == "s settle 003"
    lost = ended(RunResult.FAILED, failure=replace(FAILURE, name=""))
    assert keys(replace(lost, settling="003_fill.sql")) == "R refresh the target, s settle 003"


@pytest.mark.parametrize(
    ("committed", "expected"),
    [((), ""), (("statement 1: create table a",), ", r undo committed statements")],
)
@pytest.mark.parametrize("message", ["no such thing", "canceling statement due to user request"])
def test_only_committed_statements_can_be_undone(
    committed: tuple[str, ...], expected: str, message: str
) -> None:
    planned = PlannedMigration(FAILURE.name, Direction.APPLY, False, Mode.SEVERAL, "", ())
    plan = Plan("local", Direction.APPLY, False, "", (planned,))
    failure = replace(FAILURE, committed=committed, message=message)
    assert keys(replace(ended(RunResult.FAILED, failure=failure), plan=plan)) == (
        f"i edit 003, a try again{expected}"
    )
    rollback = replace(failure, direction=Direction.ROLLBACK)
    assert "undo" not in keys(replace(ended(RunResult.FAILED, failure=rollback), plan=plan))


def test_other_results_show_their_next_steps() -> None:
    late = Conflict("002_b.sql", "late", "", "", can_allow=True)
    assert keys(ended(RunResult.REFUSED, conflicts=(late,))) == "m renumber 002, i edit 002, a try again"
    assert keys(ended(RunResult.LOCKED)) == "a try again"
    assert keys(ended(RunResult.LOCKED, Direction.ROLLBACK)) == "r try again"
    assert keys(ended(RunResult.DONE)) == ""
    assert keys(RunView("local", Direction.APPLY, 0.0)) == ""
    assert keys(RunView("local", Direction.APPLY, 0.0, ended=1.0)) == "R refresh the target"


def test_missing_file_cannot_be_edited() -> None:
    missing = Conflict("001_a.sql", "missing", "is applied, but its file is missing", "", can_allow=True)
    late = Conflict("002_b.sql", "late", "", "", can_allow=True)
    assert next_keys(ended(RunResult.REFUSED, conflicts=(missing,))) == (
        ("o", "restore 001"),
        ("a", "try again"),
    )
    assert next_keys(ended(RunResult.REFUSED, conflicts=(missing, late)))[0] == ("o", "restore 001")


@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_no_key_is_cut(tables: Project, theme: str) -> None:
    edited = Conflict("016_a.sql", "edited", "differs", "", can_allow=True)
    async with tables.open((120, 36), Terminal(theme=theme)) as screen:
        screen.main.view = ended(RunResult.REFUSED, conflicts=(edited,))
        await screen.until("try again")
        shown = " ".join(screen.run().split())
        assert "…" not in shown
        for key in ("x new from edit of 016", "i edit 016", "a try again"):
            assert key in shown
