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


def adding(project: Project, clause: str, *, number: int = 2) -> str:
    """Write a migration that alters table a, and return its name."""
    name = f"{number:03}_alter.sql"
    project.write(name, f"-- A change.\nBEGIN;\nALTER TABLE a {clause};\nCOMMIT;\n-- Rollback: none: test\n")
    return name


@pytest.mark.parametrize(
    ("clause", "constraint"),
    [
        ("ADD CONSTRAINT positive CHECK (x > 0) NOT VALID", "positive"),
        ("add constraint Positive check (x > 0) not\n  valid", "positive"),
        ('ADD CONSTRAINT "C" CHECK (x > 0) NOT VALID', '"C"'),
        ("ADD CHECK (x > 0) NOT VALID", "a_x_check"),
    ],
    ids=["named", "lower case", "quoted", "without a name"],
)
async def test_constraint_of_an_applied_migration_is_reported_until_it_is_valid(
    applied: Project, clause: str, constraint: str
) -> None:
    name = adding(applied, clause)
    assert await leftovers(applied) == []
    await applied.apply()
    (left,) = (await applied.status()).leftovers
    assert (left.kind, left.name, left.table, left.added_by) == ("constraint", constraint, "public.a", name)
    assert left.problem.endswith(f"is NOT VALID: earlier rows are not checked. {name} added it.")
    applied.sql(left.repair)
    assert await leftovers(applied) == []


async def test_constraint_of_another_program_is_not_reported(applied: Project) -> None:
    adding(applied, "ADD CONSTRAINT positive CHECK (x > 0) NOT VALID")
    await applied.apply()
    applied.sql("ALTER TABLE a ADD CONSTRAINT small CHECK (x < 9) NOT VALID")
    applied.sql("CREATE TABLE b (x int); ALTER TABLE b ADD CHECK (x > 0) NOT VALID")
    assert [name for _, name, _ in await leftovers(applied)] == ["positive"]


async def test_constraint_of_a_migration_that_is_not_applied_is_not_reported(applied: Project) -> None:
    adding(applied, "ADD CONSTRAINT positive CHECK (x > 0) NOT VALID")
    applied.sql("ALTER TABLE a ADD CONSTRAINT positive CHECK (x > 0) NOT VALID")
    assert await leftovers(applied) == []


async def test_pending_migration_that_validates_the_constraint_is_named(applied: Project) -> None:
    adding(applied, "ADD CONSTRAINT positive CHECK (x > 0) NOT VALID")
    await applied.apply()
    later = adding(applied, "VALIDATE CONSTRAINT positive", number=3)
    adding(applied, "VALIDATE CONSTRAINT positive_too", number=4)
    (left,) = (await applied.status()).leftovers
    assert (left.validated_by, left.repair) == (later, "")
    assert left.problem.endswith(f"The pending {later} validates it.")
    (applied.path / "004_alter.sql").unlink()
    await applied.apply()
    assert await leftovers(applied) == []


async def test_constraint_that_is_not_enforced_is_no_leftover(applied: Project) -> None:
    if applied.sql("SELECT current_setting('server_version_num')::int < 180000") == [(True,)]:
        pytest.skip("NOT ENFORCED is there since PostgreSQL 18")
    adding(applied, "ADD CONSTRAINT c CHECK (x > 0) NOT ENFORCED; -- NOT VALID")
    await applied.apply()
    assert await leftovers(applied) == []


async def test_database_without_a_history_is_not_searched(project: Project) -> None:
    project.sql("CREATE TABLE a (x int); ALTER TABLE a ADD CONSTRAINT c CHECK (x > 0) NOT VALID")
    assert await leftovers(project) == []
