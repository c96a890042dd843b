"""Default privileges do not give the history to other roles, and its entries are only added."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import conninfo, errors

from koonj.runner.run.events import RunResult
from support.project import Project, run_finished


@pytest.fixture
def application(project: Project) -> Iterator[str]:
    """Role of an application; a second role, with the prefix mig_, owns the database and the schema public."""
    [(database,)] = project.sql("SELECT current_database()")
    app, migrator = f"app_{database}", f"mig_{database}"
    project.sql(f"CREATE ROLE {app} LOGIN; CREATE ROLE {migrator} LOGIN")
    project.sql(f'ALTER DATABASE "{database}" OWNER TO {migrator}')
    project.sql(f"ALTER SCHEMA public OWNER TO {migrator}")
    mine = project.target
    project.target = replace(mine, dsn=conninfo.make_conninfo(mine.dsn, user=migrator))
    yield app
    project.target = mine
    project.sql(f'ALTER DATABASE "{database}" OWNER TO postgres; ALTER SCHEMA public OWNER TO postgres')
    project.sql(f"DROP OWNED BY {app}, {migrator} CASCADE")
    project.sql(f"DROP ROLE {app}, {migrator}")


def _denied(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as conn, pytest.raises(errors.InsufficientPrivilege):
        conn.execute(statement)


DANGEROUS = (
    "SELECT script FROM koonj.history",
    "SELECT error FROM koonj.history",
    "UPDATE koonj.history SET outcome = 'failed'",
    "UPDATE koonj.history SET script = ''",
    "DELETE FROM koonj.history",
    "TRUNCATE koonj.history",
    "SELECT setval('koonj.history_id_seq', 1)",
    "CREATE TABLE koonj.mine ()",
    "CREATE TRIGGER t AFTER INSERT ON koonj.history EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "INSERT INTO koonj.history DEFAULT VALUES",
)


@pytest.mark.parametrize("to", ["{app}", "PUBLIC"])
async def test_default_privileges_do_not_hand_the_history_to_the_application(
    project: Project, application: str, to: str
) -> None:
    role = to.format(app=application)
    for kind in ("TABLES", "SEQUENCES", "SCHEMAS"):
        project.sql(f"ALTER DEFAULT PRIVILEGES GRANT ALL ON {kind} TO {role}")
    project.table(1)
    assert run_finished(await project.apply()).result is RunResult.DONE
    dsn = conninfo.make_conninfo(project.target.dsn, user=application)
    for statement in DANGEROUS:
        _denied(dsn, statement)
    mine, project.target = project.target, replace(project.target, dsn=dsn)
    assert set((await project.states()).values()) == {"applied"}
    project.target = mine
    assert project.sql(f"SELECT has_table_privilege('{application}', 't1', 'DELETE')") == [(True,)]


async def test_default_privileges_that_take_rights_from_the_owner_do_not_matter(
    project: Project, application: str
) -> None:
    project.sql("ALTER DEFAULT PRIVILEGES REVOKE ALL ON TABLES FROM CURRENT_USER")
    project.write("001_steps.sql", "CREATE TABLE t1 ();\nCREATE TABLE t2 ();\n-- Rollback: none: test\n")
    project.write("002_steps.sql", "VACUUM;\nCREATE TABLE t3 ();\n-- Rollback: none: test\n")
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert set((await project.states()).values()) == {"applied"}


async def test_owner_can_only_add_entries(project: Project, application: str) -> None:
    project.table(1)
    assert run_finished(await project.apply()).result is RunResult.DONE
    for statement in (
        "DELETE FROM koonj.history",
        "TRUNCATE koonj.history",
        "UPDATE koonj.history SET script = ''",
        "UPDATE koonj.history SET name = ''",
    ):
        _denied(project.target.dsn, statement)
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    project.write("002_fails.sql", "VACUUM;\nSELECT 1/0;\n-- Rollback: none: test\n")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert (await project.states())["002_fails.sql"] == "failed"


async def test_grants_of_a_schema_that_somebody_prepared_stay(project: Project, application: str) -> None:
    project.sql(f"CREATE SCHEMA koonj; GRANT USAGE ON SCHEMA koonj TO {application}")
    project.table(1)
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert project.sql(f"SELECT has_schema_privilege('{application}', 'koonj', 'USAGE')") == [(True,)]
