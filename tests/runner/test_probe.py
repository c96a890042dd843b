"""Tests of probes: they run on the target and change nothing."""

from __future__ import annotations

import asyncio
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.postgres import probe_session
from koonj.postgres.locks.trace import LockMode, RelationLock
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import (
    MigrationFailed,
    MigrationFinished,
    MigrationProbed,
    MigrationStarted,
    PlanMade,
    Question,
    QuestionKind,
    RunFinished,
    RunResult,
    RunStarted,
    StatementStarted,
)
from koonj.runner.run.lock_events import LockAcquired
from koonj.runner.run.request import Extent, Request
from koonj.runner.run.run import Run
from support.probe_checks import NOT_COMMITTED, assert_unchanged
from support.project import Project, collect_events, events_of_kind, run_finished


def _dump(pg_dump: Path, dsn: str) -> str:
    known = ("host", "port", "user", "dbname")  # pg_dump can have an older libpq
    where = make_conninfo("", **{k: v for k, v in conninfo_to_dict(dsn).items() if k in known})
    done = subprocess.run((pg_dump, "--dbname", where), check=True, capture_output=True, encoding="utf-8")
    return re.sub(r"(?m)^\\(un)?restrict .*$", "", done.stdout)  # a random word in each dump


async def test_probe_runs_all_statements_and_changes_nothing(project: Project, pg_dump: Path) -> None:
    project.sql("CREATE TABLE documents (id int PRIMARY KEY, title text)")
    project.sql("INSERT INTO documents SELECT n, 'title ' || n FROM generate_series(1, 100) AS n")
    project.table(1)
    project.write(
        "002_change.sql",
        """
        BEGIN;
        ALTER TABLE t1 ADD COLUMN made_by_the_first int;
        ALTER TABLE documents ADD COLUMN status text NOT NULL DEFAULT 'new', DROP COLUMN title;
        DELETE FROM documents WHERE id > 50;
        CREATE INDEX documents_status ON documents (status);
        COMMENT ON TABLE documents IS 'changed';
        COMMIT;
        -- Rollback: none: test
        """,
    )
    before = _dump(pg_dump, project.target.dsn)
    with assert_unchanged(project):
        events = await project.apply(probe=True)
    assert _dump(pg_dump, project.target.dsn) == before
    last = run_finished(events)
    assert (last.result, last.committed, last.not_run, last.failure) == (RunResult.PROBED, (), (), None)
    assert last.message == "Probed 2 migrations on local. Everything was rolled back."
    assert events_of_kind(events, MigrationFinished) == []
    assert events_of_kind(events, RunStarted)[0].probe
    first, second = events_of_kind(events, MigrationProbed)
    assert (first.name, first.statements, first.locks) == ("001_make_t1.sql", 1, ())
    assert second.locks[0] == RelationLock("public.documents", "table", LockMode.ACCESS_EXCLUSIVE)
    assert {lock.relation for lock in second.locks} == {"public.documents", "public.documents_pkey"}
    assert set((await project.states()).values()) == {"pending"}


async def test_plan_notes_explain_the_probe(project: Project) -> None:
    project.target = replace(project.target, lock_timeout="0")
    project.table(1)
    project.write("002_own.sql", "-- koonj: lock_timeout 200ms\nSELECT 1;\n-- Rollback: none: test\n")
    (event,) = events_of_kind(await project.apply(probe=True), PlanMade)
    assert event.plan.notes[0] == (
        "probe: runs BEGIN … ROLLBACK on local itself. Its locks are real (lock_timeout at most 1s). "
        "Sequences that it advances are not restored."
    )
    assert [m.lock_timeout for m in event.plan.migrations] == ["1s", "200ms"]


async def test_probe_reports_advanced_sequences(project: Project) -> None:
    project.sql("CREATE SEQUENCE here; CREATE SEQUENCE untouched; CREATE TABLE t (id serial)")
    project.write(
        "001_move.sql",
        "INSERT INTO t DEFAULT VALUES;\nSELECT nextval('here'), nextval('here');\n"
        "CREATE SEQUENCE mine;\nSELECT nextval('mine');\nALTER SEQUENCE untouched OWNED BY t.id;\n"
        "-- Rollback: none: test\n",
    )
    with assert_unchanged(project):
        events = await project.apply(probe=True)
    assert run_finished(events).message == (
        "Probed 1 migration on local. Everything was rolled back. "
        "These sequences advanced and were not restored: public.here, public.t_id_seq."
    )
    assert events_of_kind(events, MigrationProbed)[0].sequences == ("public.here", "public.t_id_seq")
    assert project.sql("SELECT nextval('here'), nextval('untouched'), (SELECT count(*) FROM t)") == [
        (3, 1, 0)
    ]


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (
            "CREATE INDEX CONCURRENTLY i ON t1 (id);",
            "Statement 1 of 1, line 1 (create index i on t1): "
            "PostgreSQL refuses CREATE INDEX CONCURRENTLY in a transaction",
        ),
        (
            "BEGIN;\nSELECT 1;\nCOMMIT;\nBEGIN;\nSELECT 2;\nCOMMIT;",
            "Statement 2 of 2, line 5 (select): the COMMIT before it ends the file's first transaction",
        ),
        (
            "BEGIN;\nSELECT 1;\nCOMMIT;\nSELECT 2;",
            "Statement 2 of 2, line 4 (select): it is outside BEGIN … COMMIT, so it commits immediately",
        ),
    ],
)
async def test_migration_that_is_not_one_transaction_stops_the_probe(
    project: Project, script: str, why: str
) -> None:
    project.table(1)
    project.write("002_steps.sql", f"{script}\n-- Rollback: none: test\n")
    with assert_unchanged(project):
        events = await project.apply(probe=True)
    assert not any(isinstance(event, (LockAcquired, MigrationStarted, StatementStarted)) for event in events)
    last = run_finished(events)
    assert last.result is RunResult.REFUSED
    (conflict,) = last.conflicts
    assert (conflict.name, conflict.state, conflict.can_allow) == (
        "002_steps.sql",
        "not_transactional",
        False,
    )
    message = conflict.message.replace("create index concurrently i", "create index i")
    assert message == f"002_steps.sql is not one transaction, so it cannot be probed. {why}."
    assert conflict.hint == "Rehearse it on a scratch database instead: koonj rehearse 002_steps.sql"


@pytest.mark.parametrize(
    ("before", "limit", "least"),
    [
        ("", "1s", 0.9),
        ("SET LOCAL lock_timeout = '1h';\n", "1s", 0.9),
        ("SET lock_timeout = '100ms';\n", "1h", 0.1),
    ],
)
async def test_probe_waits_only_briefly_for_a_lock(
    project: Project, monkeypatch: pytest.MonkeyPatch, before: str, limit: str, least: float
) -> None:
    # The longer of the two times is an hour, so on no machine can it be taken for the shorter.
    monkeypatch.setattr(probe_session, "LOCK_LIMIT", limit)
    project.sql("CREATE TABLE busy (id int)")
    project.write("001_alter.sql", f"{before}ALTER TABLE busy ADD x int;\n-- Rollback: none: test\n")
    with assert_unchanged(project), psycopg.connect(project.target.dsn) as other:
        other.execute("SELECT FROM busy")
        start = monotonic()
        async with asyncio.timeout(60):
            events = await project.apply(probe=True)
        assert monotonic() - start >= least
    (failed,) = events_of_kind(events, MigrationFailed)
    assert (failed.failure.sqlstate, failed.failure.target_state) == ("55P03", NOT_COMMITTED)
    assert failed.failure.next_steps == (
        "Another session holds a lock that the probe needs; a probe waits only briefly. Retry: koonj apply --probe",
    )
    assert run_finished(events).result is RunResult.FAILED


async def test_lost_connection_leaves_no_changes(project: Project) -> None:
    project.table(1)
    project.write("002_sleep.sql", "CREATE TABLE x ();\nSELECT pg_sleep(30);\n-- Rollback: none: test\n")
    with assert_unchanged(project):
        events = []
        async for event in project.start(Direction.APPLY, extent=Extent.ALL, probe=True).events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.index == 2:
                _end_sessions(project)
    last = run_finished(events)
    assert last.result is RunResult.FAILED
    assert last.failure is not None
    assert last.failure.target_state == f"The connection was lost. {NOT_COMMITTED}"


def _end_sessions(project: Project) -> None:
    project.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name LIKE 'koonj%' AND datname = current_database()"
    )


RESULTS = {"cancel": RunResult.CANCELLED, "cut": RunResult.FAILED, "leave": None}


@pytest.mark.slow
@pytest.mark.parametrize("attack", RESULTS)
async def test_probe_changes_nothing_when_stopped_at_any_event(project: Project, attack: str) -> None:
    project.table(1)
    project.write(
        "002_rows.sql",
        "BEGIN;\nSAVEPOINT a;\nCREATE TABLE t2 (id int);\nCOPY t2 FROM stdin;\n1\n2\n\\.\n"
        "DO $$ BEGIN RAISE NOTICE 'half way'; END $$;\nCOMMIT;\n-- Rollback: none: test\n",
    )
    results: list[RunResult | None] = []
    with assert_unchanged(project):
        while (count := await _attacked(project, attack, len(results) + 1, results)) > len(results):
            pass
    assert count == len(results) > 15
    assert set(results) == {RESULTS[attack], RunResult.PROBED}


async def _attacked(project: Project, attack: str, moment: int, results: list[RunResult | None]) -> int:
    """Stop a probe at event number `moment`; append its result to `results`, return the number of events."""
    run = project.start(Direction.APPLY, extent=Extent.ALL, probe=True)
    stream, count, result = run.events(), 0, None
    async for event in stream:
        count += 1
        result = event.result if isinstance(event, RunFinished) else None
        if count == moment and attack == "leave" and result is None:
            await stream.aclose()  # type: ignore[attr-defined]  # it is a generator
            count += 1  # there would have been another event
            break
        if count == moment and attack == "cancel":
            await run.cancel()
        elif count == moment:
            _end_sessions(project)
    results.append(result)
    return count


async def test_cancelled_probe_reports_that_nothing_was_committed(project: Project) -> None:
    project.write("001_sleep.sql", "CREATE TABLE x ();\nSELECT pg_sleep(30);\n-- Rollback: none: test\n")
    run = project.start(Direction.APPLY, probe=True)
    events = []
    with assert_unchanged(project):
        async for event in run.events():
            events.append(event)
            if isinstance(event, StatementStarted) and event.index == 2:
                soon = asyncio.create_task(_cancel_soon(run))
        await soon
    last = run_finished(events)
    assert (last.result, last.message) == (RunResult.CANCELLED, f"Cancelled. {NOT_COMMITTED}")


async def _cancel_soon(run: Run) -> None:
    await asyncio.sleep(0.1)
    await run.cancel()


async def test_protected_target_requires_its_name(project: Project) -> None:
    project.table(1)
    project.protect()
    with assert_unchanged(project):
        declined = await collect_events(project.start(Direction.APPLY, probe=True), "yes")
        events = await project.apply(probe=True)
    assert run_finished(declined).result is RunResult.DECLINED
    (question,) = events_of_kind(events, Question)
    assert (question.kind, question.expected) == (QuestionKind.TYPED, "local")
    assert question.text.startswith("Probe 1 migration on local and roll everything back? ")
    assert run_finished(events).result is RunResult.PROBED


async def test_conflict_stops_the_probe_and_an_allow_is_not_recorded(project: Project) -> None:
    project.table(2)
    await project.apply()
    project.table(1)
    stopped = run_finished(await project.apply(probe=True))
    assert (stopped.result, [c.state for c in stopped.conflicts]) == (RunResult.REFUSED, ["late"])
    entries = await project.entries()
    events = await project.apply(probe=True, allow=frozenset({"late"}), reason="to see")
    assert run_finished(events).result is RunResult.PROBED
    assert (
        events_of_kind(events, PlanMade)[0]
        .plan.notes[1]
        .startswith("allowed for this probe, not recorded (late): ")
    )
    assert await project.entries() == entries
    assert project.tables() == {"t2"}


async def test_rollback_can_be_probed(project: Project) -> None:
    for number in (1, 2):
        project.table(number)
    await project.apply()
    entries = await project.entries()
    events = await project.roll_back(extent=Extent.ALL, probe=True)
    assert run_finished(events).message == "Probed 2 rollbacks on local. Everything was rolled back."
    assert [event.locks[0] for event in events_of_kind(events, MigrationProbed)] == [
        RelationLock(f"public.t{number}", "table", LockMode.ACCESS_EXCLUSIVE) for number in (2, 1)
    ]
    assert await project.entries() == entries
    assert project.tables() == {"t1", "t2"}


async def test_probe_does_not_run_while_another_run_holds_the_lock(project: Project) -> None:
    project.table(1)
    with psycopg.connect(project.target.dsn, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (int.from_bytes(b"koonj", "big"),))
        events = await project.apply(probe=True, wait=0)
    assert run_finished(events).result is RunResult.LOCKED


async def test_probe_does_nothing_when_nothing_is_pending(project: Project) -> None:
    assert run_finished(await project.apply(probe=True)).result is RunResult.NOTHING


def test_plan_only_and_probe_exclude_each_other() -> None:
    with pytest.raises(ValueError, match=r"plan_only .* or probe"):
        Request(Direction.APPLY, probe=True, plan_only=True)
