"""koonj.statement: created next to the history, as safe as the history, and not needed by an older koonj."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest
from psycopg import conninfo, errors

from koonj.postgres import history, statement_intent
from koonj.postgres.history import HistoryError
from koonj.postgres.history_inspection import inspect
from koonj.postgres.session import clean
from koonj.runner.run.events import RunResult
from support.own_process import wait_until
from support.project import Project, run_finished

NONE = "-- Rollback: none: test\n"
STEPS = f"CREATE TABLE a ();\nVACUUM a;\nCREATE TABLE b ();\n{NONE}"


def has_table(project: Project) -> bool:
    return project.sql("SELECT to_regclass('koonj.statement') IS NOT NULL") == [(True,)]


async def make_old_history(project: Project) -> None:
    """Leave a history as an earlier version of koonj created it."""
    project.table(1)
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.sql("DROP TABLE koonj.statement")


async def test_first_apply_creates_both_tables(project: Project) -> None:
    project.table(1)
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert has_table(project)


async def test_old_history_gets_the_table_when_a_migration_needs_it(project: Project) -> None:
    await make_old_history(project)
    project.table(2)
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert not has_table(project)
    project.write("003_steps.sql", STEPS)
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert has_table(project)
    assert set((await project.states()).values()) == {"applied"}


async def test_roles_that_write_an_old_history_can_write_the_new_table(project: Project) -> None:
    await make_old_history(project)
    [(database,)] = project.sql("SELECT current_database()")
    role = f"writer_{database}"
    project.sql(f"CREATE ROLE {role}; GRANT CREATE ON SCHEMA public TO {role}")
    project.sql(f"GRANT SELECT, INSERT, UPDATE ON koonj.history TO {role}")
    project.write("002_steps.sql", STEPS)
    as_owner, project.target = project.target, replace(project.target, role=role)
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert "koonj.statement" in failure.message
    assert "GRANT CREATE ON SCHEMA koonj" in " ".join(failure.next_steps)
    project.target = as_owner
    async with await project.connector.connect(project.target, name="test") as conn:
        await history.ensure(conn, await inspect(conn))
    project.target = replace(as_owner, role=role)
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.target = as_owner
    project.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.parametrize("right", ["", "INSERT", "UPDATE (state, evidence, reason)"])
async def test_role_that_may_write_only_the_history_is_refused_before_anything_runs(
    project: Project, right: str
) -> None:
    project.table(1)
    await project.apply()
    [(database,)] = project.sql("SELECT current_database()")
    role = f"half_{database}"
    project.sql(f"CREATE ROLE {role}; GRANT SELECT, INSERT, UPDATE ON koonj.history TO {role}")
    if right:
        project.sql(f"GRANT {right} ON koonj.statement TO {role}")
    project.table(2)
    as_owner, project.target = project.target, replace(project.target, role=role)
    failure = run_finished(await project.apply()).failure
    project.target = as_owner
    assert failure is not None
    assert "is not allowed to write the history" in failure.message
    project.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        (
            "CREATE RULE r AS ON INSERT TO koonj.statement DO ALSO NOTIFY evil",
            "koonj.statement has a rule, r",
        ),
        ("ALTER TABLE koonj.statement ALTER reason SET DEFAULT 'x'", "default for column reason"),
        ("ALTER TABLE koonj.statement ALTER before TYPE json", "column before: json"),
        ("CREATE INDEX i ON koonj.statement ((index + 1))", 'DROP INDEX koonj."i"'),
        ("DROP TABLE koonj.statement; CREATE VIEW koonj.statement AS SELECT 1", "koonj.statement is a view"),
    ],
)
async def test_table_that_could_run_code_is_refused(project: Project, statement: str, word: str) -> None:
    project.table(1)
    await project.apply()
    project.table(2)
    project.sql(statement)
    assert word in f"{(await project.status()).error} {(await project.status()).hint}"
    failure = run_finished(await project.apply()).failure
    assert failure is not None
    assert word in f"{failure.message} {failure.next_steps}"


async def test_table_of_another_role_is_refused(project: Project) -> None:
    await make_old_history(project)
    [(database,)] = project.sql("SELECT current_database()")
    role = f"mallory_{database}"
    project.sql(f"CREATE ROLE {role}; GRANT CREATE ON SCHEMA koonj TO {role}")
    project.sql(f"SET ROLE {role}; CREATE TABLE koonj.statement (entry_id bigint)")
    assert f"koonj.statement belongs to role {role}" in ((await project.status()).error or "")
    async with await project.connector.connect(project.target, name="test") as conn:
        with pytest.raises(HistoryError, match="belongs to role"):
            await history.ensure(conn, await inspect(conn))
    project.sql(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


async def test_owner_can_only_add_rows_and_settle_them(project: Project) -> None:
    project.table(1)
    [(database,)] = project.sql("SELECT current_database()")
    role = f"mig_{database}"
    project.sql(f"CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE {database} TO {role}")
    project.sql(f"GRANT CREATE ON SCHEMA public TO {role}")
    mine = project.target
    dsn = conninfo.make_conninfo(mine.dsn, user=role)
    project.target = replace(mine, dsn=dsn)
    project.sql("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC")
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.sql("UPDATE koonj.statement SET state = 'done'")
    for statement in ("DELETE FROM koonj.statement", "UPDATE koonj.statement SET before = '{}'"):
        with pytest.raises(errors.InsufficientPrivilege):
            project.sql(statement)
    project.target = mine
    project.sql(f"CREATE ROLE reader_{database} LOGIN")
    with psycopg.connect(
        conninfo.make_conninfo(mine.dsn, user=f"reader_{database}"), autocommit=True
    ) as conn:
        conn.execute("SELECT * FROM koonj.statement")
        with pytest.raises(errors.InsufficientPrivilege):
            conn.execute("UPDATE koonj.statement SET state = 'done'")
    project.sql(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}; DROP ROLE reader_{database}")


async def test_intent_is_read_with_the_activity_of_its_session(project: Project) -> None:
    project.table(1)
    await project.apply()
    project.sql("UPDATE koonj.history SET outcome = 'started'")
    async with await project.connector.connect(project.target, name="test") as conn:
        session = await clean(conn, project.target)
        backend = session.process
        await statement_intent.insert_session(conn, 1, backend, "6b1b7d3e-8a0f-4b9f-9a58-3f3f5f1b8f11")
        await statement_intent.insert_intent(conn, 1, 2, "hash", {"oid": 5})
        first, second = await statement_intent.read_intents(conn)
        assert (first.index, second.index, second.before) == (0, 2, {"oid": 5})
        assert first.backend == second.backend == backend
        assert first.activity is not None
        assert first.activity.state == "active"
    async with await project.connector.connect(project.target, name="test") as conn:
        pid = backend.pid  # it ends a moment after its connection was closed
        wait_until(lambda: not project.sql("SELECT FROM pg_stat_activity WHERE pid = %s", pid))
        assert all(i.activity is None for i in await statement_intent.read_intents(conn))
