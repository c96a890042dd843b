"""Status reports what statements that stopped in the middle have left."""

from __future__ import annotations

import psycopg
import pytest

from support.project import Project


async def leftovers(project: Project) -> list[tuple[str, str, str]]:
    return [(left.kind, left.name, left.repair) for left in (await project.status()).leftovers]


@pytest.fixture
async def applied(project: Project) -> Project:
    project.table(1)
    await project.apply()
    project.sql("CREATE TABLE a (x int); INSERT INTO a VALUES (1), (1)")
    return project


async def test_complete_objects_are_not_reported(applied: Project) -> None:
    applied.sql("CREATE INDEX a_x ON a (x); ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0)")
    assert await leftovers(applied) == []


async def test_invalid_index_is_reported_with_its_repair(applied: Project) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation):
        applied.sql("CREATE UNIQUE INDEX CONCURRENTLY a_x ON a (x)")
    assert await leftovers(applied) == [("index", "public.a_x", "REINDEX INDEX CONCURRENTLY public.a_x")]
    applied.sql("DELETE FROM a")
    applied.sql("REINDEX INDEX CONCURRENTLY public.a_x")
    assert await leftovers(applied) == []


async def test_half_dropped_index_is_reported(applied: Project) -> None:
    applied.sql("CREATE INDEX a_x ON a (x)")
    applied.sql(
        "UPDATE pg_index SET indisvalid = false, indisready = false, indislive = false"
        " WHERE indexrelid = 'a_x'::regclass"
    )
    [(kind, name, repair)] = await leftovers(applied)
    assert (kind, name) == ("drop", "public.a_x")
    applied.sql(repair)
    assert await leftovers(applied) == []


async def test_index_of_an_interrupted_rebuild_is_reported(applied: Project) -> None:
    applied.sql("CREATE INDEX a_x_ccnew ON a (x)")
    applied.sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a_x_ccnew'::regclass")
    [(kind, name, repair)] = await leftovers(applied)
    assert (kind, name) == ("rebuild", "public.a_x_ccnew")
    applied.sql(repair)
    assert await leftovers(applied) == []


async def test_pending_detach_is_reported(applied: Project) -> None:
    if applied.sql("SELECT current_setting('server_version_num')::int < 140000") == [(True,)]:
        pytest.skip("DETACH CONCURRENTLY is there since PostgreSQL 14")
    applied.sql(
        "CREATE TABLE p (x int) PARTITION BY LIST (x); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1)"
    )
    applied.sql("UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'p1'::regclass")
    assert await leftovers(applied) == [
        ("detach", "public.p1", "ALTER TABLE public.p DETACH PARTITION public.p1 FINALIZE")
    ]


async def test_constraint_that_is_not_valid_is_reported(applied: Project) -> None:
    applied.sql('ALTER TABLE a ADD CONSTRAINT "C" CHECK (x > 0) NOT VALID')
    [(kind, name, repair)] = await leftovers(applied)
    assert (kind, name) == ("constraint", '"C"')
    applied.sql(repair)
    assert await leftovers(applied) == []


async def test_constraint_that_is_not_enforced_is_no_leftover(applied: Project) -> None:
    if applied.sql("SELECT current_setting('server_version_num')::int < 180000") == [(True,)]:
        pytest.skip("NOT ENFORCED is there since PostgreSQL 18")
    applied.sql("ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0) NOT ENFORCED")
    assert await leftovers(applied) == []


async def test_database_without_a_history_is_not_searched(project: Project) -> None:
    project.sql("CREATE TABLE a (x int); ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0) NOT VALID")
    assert await leftovers(project) == []
