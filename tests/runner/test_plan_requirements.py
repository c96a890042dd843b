"""A plan says before it runs what its target will refuse: rights, room for locks, standbys that are behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import conninfo

from koonj.postgres import target_conditions
from koonj.postgres.locks.trace import LockMode, RelationLock, StatementTrace
from koonj.postgres.target_conditions import TargetConditions
from koonj.postgres.target_rights import TargetRights
from koonj.runner.impact.lock_counts import lock_counts
from koonj.runner.impact.requirements import Requirements, lacking, requirements
from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import PlanMade, RunResult
from koonj.runner.run.planned import PlannedMigration
from koonj.sql.transactions import Mode
from support.project import Project, events_of_kind, run_finished

NONE = "\n-- Rollback: none: test\n"
BASE = f"BEGIN; CREATE TABLE t1 (id int PRIMARY KEY); CREATE TABLE t2 (id int); COMMIT;{NONE}"


@pytest.fixture
def other(project: Project) -> Iterator[str]:
    """The login role of the target: it may write the history, and nothing else."""
    project.write("001_base.sql", BASE)
    [(database,)] = project.sql("SELECT current_database()")
    name = f"app_{database}"
    project.sql(f"CREATE ROLE {name} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    yield name
    project.sql(f"DROP OWNED BY {name} CASCADE; DROP ROLE {name}")


async def _notes(project: Project, other: str, body: str, *grants: str) -> tuple[str, ...]:
    """Return the notes of the plan for `body`, as the role `other`, with their names made short."""
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.sql(f"GRANT USAGE ON SCHEMA koonj TO {other}; GRANT ALL ON ALL TABLES IN SCHEMA koonj TO {other}")
    for grant in grants:
        project.sql(grant)
    project.write("002_next.sql", body + NONE)
    mine = project.target
    project.target = replace(mine, dsn=conninfo.make_conninfo(mine.dsn, user=other))
    events = await project.apply(measure=True, plan_only=True)
    project.target = mine
    return tuple(
        note.replace(other, "app").replace("002_next.sql: ", "")
        for made in events_of_kind(events, PlanMade)
        for note in made.plan.notes
    )


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE t1 ADD COLUMN note text",
        "ALTER TABLE t1 ADD CHECK (id > 0)",
        "CREATE INDEX ON t1 (id)",
        "DROP TABLE t1",
    ],
)
async def test_plan_names_the_owner_of_a_table_that_the_role_may_not_alter(
    project: Project, other: str, statement: str
) -> None:
    (note,) = await _notes(project, other, f"BEGIN; {statement}; {statement.replace('t1', 't2')}; COMMIT;")
    assert note.startswith("PostgreSQL will refuse '")
    assert "public.t1, public.t2 belong to postgres, and role app does not have its rights. " in note
    assert note.endswith("ALTER TABLE … OWNER TO app;"), "nobody becomes a member of a superuser"


async def test_plan_names_a_schema_in_which_the_role_may_not_create_once(
    project: Project, other: str
) -> None:
    (note,) = await _notes(
        project, other, "BEGIN; CREATE TABLE a (); CREATE VIEW b AS SELECT 1 AS x; COMMIT;"
    )
    assert "role app may not create in schema public" in note
    assert "GRANT CREATE ON SCHEMA public TO app;" in note


@pytest.mark.parametrize(
    "body",
    [
        "BEGIN; INSERT INTO t2 VALUES (1); COMMIT;",
        "BEGIN; CREATE TEMP TABLE a (id int); ALTER TABLE a ADD COLUMN b int; COMMIT;",
        "BEGIN; CREATE SCHEMA s; CREATE TABLE s.a (id int); ALTER TABLE s.a ADD COLUMN b int; COMMIT;",
        "BEGIN; SET LOCAL ROLE postgres; ALTER TABLE t1 ADD COLUMN note text; COMMIT;",
    ],
    ids=["rows", "temporary", "own schema", "other role"],
)
async def test_plan_is_silent_about_what_needs_no_owner(project: Project, other: str, body: str) -> None:
    [(database,)] = project.sql("SELECT current_database()")
    assert await _notes(project, other, body, f"GRANT CREATE ON DATABASE {database} TO {other}") == ()


async def test_member_of_the_owner_may_alter(project: Project, other: str) -> None:
    owner = f"{other}_owner"
    project.sql(f"CREATE ROLE {owner}")
    try:
        grants = (f"GRANT {owner} TO {other}", f"ALTER TABLE t1 OWNER TO {owner}")
        assert await _notes(project, other, "BEGIN; ALTER TABLE t1 ADD COLUMN n int; COMMIT;", *grants) == ()
    finally:
        project.sql(f"ALTER TABLE t1 OWNER TO postgres; DROP ROLE {owner}")


@pytest.mark.parametrize(
    ("other", "statement", "named"),
    [
        ("INSERT INTO t2 VALUES (1)", "CREATE INDEX CONCURRENTLY i ON t1 (id);", True),
        ("DECLARE c CURSOR FOR SELECT * FROM t2", "CREATE INDEX CONCURRENTLY i ON t1 (id);", True),
        ("SELECT 1", "CREATE INDEX CONCURRENTLY i ON t1 (id);", False),  # no snapshot, nothing written
        ("INSERT INTO t2 VALUES (1)", "CREATE INDEX i ON t1 (id);", False),
    ],
    ids=["writer", "snapshot", "neither", "not concurrently"],
)
async def test_plan_names_the_transactions_that_a_concurrent_build_waits_for(
    project: Project, monkeypatch: pytest.MonkeyPatch, other: str, statement: str, named: bool
) -> None:
    monkeypatch.setattr(target_conditions, "OLD", 0.0)
    project.write("001_base.sql", BASE)
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.write("002_index.sql", f"{statement}{NONE}")
    with psycopg.connect(project.target.dsn, application_name="report") as session:
        session.execute(other)
        pid = session.info.backend_pid
        events = await project.apply(measure=True, plan_only=True)
    notes = [note for made in events_of_kind(events, PlanMade) for note in made.plan.notes]
    assert [f"pid {pid} report (user postgres), idle in transaction, open for " in n for n in notes] == (
        [True] if named else []
    )


# What needs a server that the tests do not have: values in, sentences out.

CALM = TargetConditions(TargetRights("app"), (), (), 6_400, 0, None)


def _notes_of(
    conditions: TargetConditions, *relations: str, in_transaction: bool = True, done: int = 0
) -> list[str]:
    """Return the notes of the plan for a migration with one statement for each relation."""
    name = "001_a.sql"
    traces = tuple(
        StatementTrace(
            index,
            1,
            "s",
            in_transaction=in_transaction,
            seconds=0.0,
            locks=(RelationLock(relation, "table", LockMode.ACCESS_EXCLUSIVE),),
        )
        for index, relation in enumerate(relations, 1)
    )
    migration = PlannedMigration(
        name, Direction.APPLY, in_transaction, Mode.ONE_TRANSACTION, "", (), statements_done=done
    )
    rehearsal = Rehearsal(
        name, 1, Verdict.VERIFIED, "", "key", "PostgreSQL 18", 18, apply=traces, rollback=()
    )
    plan = (migration,), {name: rehearsal}, Direction.APPLY
    return list(lacking(requirements(*plan, {}), conditions, lock_counts(*plan, {}, {})))


def test_more_locks_than_the_server_has_room_for_are_named() -> None:
    relations = [f"public.t{number}" for number in range(20)]
    little, half = replace(CALM, lock_room=19), replace(CALM, lock_room=39)
    (note,) = _notes_of(little, *relations)
    assert "locks 20 relations at once" in note
    assert "room for 19 locks" in note
    assert "it can fail" in note
    (note,) = _notes_of(half, *relations)
    assert "others can fail" in note
    assert _notes_of(replace(CALM, lock_room=40), *relations) == []
    assert _notes_of(little, *relations, in_transaction=False) == []
    assert _notes_of(half, *relations, done=1) == []


@pytest.mark.parametrize(("lag", "named"), [(None, False), (9.9, False), (10.0, True)])
def test_standby_that_is_behind_is_named(lag: float | None, named: bool) -> None:
    notes = list(lacking(Requirements((), stops_reads=False), replace(CALM, standbys=1, lag=lag), {}))
    assert [("A standby is" in note) for note in notes] == [True] * named


@pytest.mark.parametrize(
    ("standbys", "stops_reads", "words"),
    [(0, True, ""), (1, False, ""), (1, True, "1 standby will"), (2, True, "2 standbys will")],
)
def test_readers_of_standbys_wait_for_the_locks_too(standbys: int, stops_reads: bool, words: str) -> None:
    notes = "".join(lacking(Requirements((), stops_reads=stops_reads), replace(CALM, standbys=standbys), {}))
    assert notes.startswith(words)
    assert bool(notes) is bool(words)


def test_an_autovacuum_that_does_not_step_aside_is_named() -> None:
    vacuum = target_conditions.UrgentVacuum("public.t", 4711, 185.0)
    (note,) = _notes_of(replace(CALM, urgent_vacuums=(vacuum,), lock_room=9), "public.t")
    assert note == (
        "001_a.sql will wait for an autovacuum on public.t (pid 4711, since 3 min 5 s). It prevents transaction "
        "id wraparound, so it does not step aside, and the server starts it again if it is cancelled. "
        "Apply when it has ended; how far it is: SELECT * FROM pg_stat_progress_vacuum WHERE pid = 4711;"
    )
    (note,) = _notes_of(replace(CALM, urgent_vacuums=(vacuum,)), "public.t", done=1)
    assert note.startswith("This run will wait")
