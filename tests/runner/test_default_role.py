"""A login role with a default role: the history belongs to the default role, and is written as that role."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from psycopg import conninfo

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from koonj.runner.run.request import Extent
from support.drift import drift_of
from support.project import Project, run_finished

LEAVES_ROLE = "BEGIN;\nSET ROLE NONE;\nCOMMIT;\n\n-- Rollback:\n-- RESET ROLE;\n"
INDEX = "CREATE INDEX CONCURRENTLY i ON t1 (id);\n\n-- Rollback:\n-- DROP INDEX CONCURRENTLY i;\n"


@pytest.fixture
def owner(project: Project, request: pytest.FixtureRequest) -> Iterator[str]:
    """The owner of the database. The target logs in as a role that can become it, and inherits nothing."""
    [(database,)] = project.sql("SELECT current_database()")
    owner, login = f"owner_{database}", f"login_{database}"
    project.sql(f"CREATE ROLE {owner}; CREATE ROLE {login} LOGIN NOINHERIT IN ROLE {owner}")
    project.sql(f'ALTER DATABASE "{database}" OWNER TO {owner}; ALTER SCHEMA public OWNER TO {owner}')
    mine, more = project.target, {}
    if request.param == "role":
        project.sql(f"ALTER ROLE {login} SET role = '{owner}'")
    elif request.param == "database":
        project.sql(f"ALTER ROLE {login} IN DATABASE \"{database}\" SET role = '{owner}'")
    else:
        more = {"options": f"-c role={owner}"}
    project.target = replace(mine, dsn=conninfo.make_conninfo(mine.dsn, user=login, **more))
    yield owner
    project.target = mine
    project.sql(f'ALTER DATABASE "{database}" OWNER TO postgres; ALTER SCHEMA public OWNER TO postgres')
    project.sql(f"DROP OWNED BY {owner}, {login} CASCADE")
    project.sql(f"DROP ROLE {owner}, {login}")


@pytest.mark.parametrize("owner", ["role", "database", "options"], indirect=True)
async def test_history_is_written_as_the_default_role_of_the_login(project: Project, owner: str) -> None:
    project.table(1)
    project.write("002_index.sql", INDEX)
    project.write("003_role.sql", LEAVES_ROLE)
    assert run_finished(await project.apply(probe=True, extent=Extent.NEXT)).result is RunResult.PROBED
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert set((await project.states()).values()) == {"applied"}
    assert {entry.database_role for entry in await project.entries()} == {owner}
    assert (
        project.sql("SELECT relowner::regrole::text FROM pg_class WHERE relname IN ('history', 't1')")
        == [(owner,)] * 2
    )
    drift = await drift_of(project)
    assert drift.migrations == 3
    assert [one.identity for one in drift.differences] == ["of schema public"]  # of the fixture
    for _ in range(3):
        assert run_finished(await project.run(Direction.ROLLBACK)).result is RunResult.DONE
    assert {entry.database_role for entry in await project.entries()} == {owner}
