"""The table of another tool's history is read only if that is safe, and if it is a table of that tool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.run.events import RunResult
from koonj.runner.target.status import TargetStatus, read_status
from support.project import Project, run_finished

GOOD = "CREATE TABLE schema_migrations (version varchar PRIMARY KEY); INSERT INTO schema_migrations VALUES ('1');"
EVIL = """
CREATE FUNCTION evil(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE 'evil ran'; END $$;
"""
REFUSED = {
    "a view": (
        EVIL + "CREATE VIEW schema_migrations AS SELECT evil('1')::varchar AS version",
        "not an ordinary",
    ),
    "row-level security": (
        GOOD + "ALTER TABLE schema_migrations ENABLE ROW LEVEL SECURITY",
        "row-level security",
    ),
    "inheritance": (GOOD + "CREATE TABLE child () INHERITS (schema_migrations)", "tables that inherit"),
    "an index": (
        EVIL + "CREATE TABLE schema_migrations (version varchar); "
        "CREATE INDEX ON schema_migrations (evil(version))",
        "index with an expression",
    ),
    "statistics": (
        "CREATE TABLE schema_migrations (version varchar, n int); "
        "CREATE STATISTICS s ON version, n FROM schema_migrations",
        "extended statistics",
    ),
    "a generated column": (
        "CREATE TABLE schema_migrations (version varchar, n text GENERATED ALWAYS AS (version) STORED)",
        "generated column",
    ),
    "a check": (
        EVIL + "CREATE TABLE schema_migrations (version varchar CHECK (evil(version) = ''))",
        "CHECK that calls a function",
    ),
    "other columns": (
        "CREATE TABLE schema_migrations (version bigint, dirty bool)",
        "public.schema_migrations (version int8, dirty bool) is not a history of dbmate",
    ),
    "a type of a user": (
        "CREATE DOMAIN varchar AS text; CREATE TABLE schema_migrations (version public.varchar)",
        "public.schema_migrations (version public.varchar) is not a history of dbmate",
    ),
    "two schemas": (
        "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.schema_migrations (version varchar); "
        "CREATE TABLE b.schema_migrations (version varchar)",
        "Several tables can be the history of dbmate: a.schema_migrations, b.schema_migrations.",
    ),
}
READ = {
    "in the current schema": (GOOD, "public.schema_migrations"),
    "in the only schema": ("CREATE SCHEMA app; SET search_path = app;" + GOOD, "app.schema_migrations"),
    "in two schemas, one of them the current one": (
        GOOD + "CREATE SCHEMA app; CREATE TABLE app.schema_migrations (version varchar)",
        "public.schema_migrations",
    ),
    "with a default and a trigger": (
        GOOD + "ALTER TABLE schema_migrations ADD COLUMN n timestamptz DEFAULT now();"
        "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
        "CREATE TRIGGER t BEFORE INSERT ON schema_migrations FOR EACH ROW EXECUTE FUNCTION t()",
        "public.schema_migrations",
    ),
    "names in upper case are other names": (
        GOOD + 'CREATE TABLE "Schema_Migrations" (x int)',
        "public.schema_migrations",
    ),
}
CLEAN = """
DO $$ DECLARE s name; BEGIN
    FOR s IN SELECT nspname FROM pg_namespace WHERE nspname IN ('public', 'app', 'a', 'b') LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', s);
    END LOOP;
END $$;
CREATE SCHEMA public;
"""


async def status_after(statements: str, dsn: str, tmp_path: Path, connector: Connector) -> TargetStatus:
    (tmp_path / "1_a.sql").write_text("-- migrate:up\n-- migrate:down\n")
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute(CLEAN)
        conn.execute(statements.encode())
    return await read_status(connector, Target("local", dsn), FolderReader(tmp_path).read())


async def test_what_could_run_code_or_is_of_another_tool_is_refused(
    database: str, tmp_path: Path, connector: Connector
) -> None:
    for case, (statements, words) in REFUSED.items():
        status = await status_after(statements, database, tmp_path, connector)
        assert words in (status.error or ""), case
        assert status.hint, case
        assert status.migrations == (), case


async def test_the_table_is_found_by_the_catalog(database: str, tmp_path: Path, connector: Connector) -> None:
    for case, (statements, place) in READ.items():
        status = await status_after(statements, database, tmp_path, connector)
        assert (status.error, status.tool_history) == (None, place), case
        assert [one.state.value for one in status.migrations] == ["applied"], case


@pytest.fixture
def other(database: str) -> Iterator[str]:
    """A role without rights."""
    with psycopg.connect(database, autocommit=True) as conn:
        role = f"other_{conn.info.dbname}"
        conn.execute(f"CREATE ROLE {role}".encode())
        yield role
        conn.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}".encode())


async def test_a_table_of_another_role_is_refused(
    database: str, tmp_path: Path, connector: Connector, other: str
) -> None:
    own = f"{GOOD} ALTER TABLE schema_migrations OWNER TO {other}"
    status = await status_after(own, database, tmp_path, connector)
    assert f"public.schema_migrations belongs to role {other}. koonj does not read it" in (status.error or "")


async def test_a_role_without_rights_is_told_which_it_needs(
    database: str, tmp_path: Path, connector: Connector, other: str
) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(CLEAN)
        conn.execute(GOOD.encode())
    (tmp_path / "1_a.sql").write_text("-- migrate:up\n-- migrate:down\n")
    target = Target("local", database, role=other)
    status = await read_status(connector, target, FolderReader(tmp_path).read())
    assert status.error == "public.schema_migrations could not be read: this role has no right to."
    assert "GRANT SELECT ON public.schema_migrations TO" in (status.hint or "")


async def test_a_run_in_a_folder_of_a_tool_that_koonj_only_reads_changes_nothing(
    database: str, tmp_path: Path, connector: Connector
) -> None:
    await status_after(GOOD, database, tmp_path, connector)
    (tmp_path / "1_a.sql").unlink()
    (tmp_path / "1_a").mkdir()
    (tmp_path / "1_a/up.sql").write_text("")
    project = Project(tmp_path, Target("local", database), connector)
    end = run_finished(await project.apply())
    assert end.result is RunResult.FAILED
    assert end.failure is not None
    assert "This folder belongs to diesel (" in end.failure.message
    assert project.sql("SELECT nspname FROM pg_namespace WHERE nspname = 'koonj'") == []
