"""A target whose server has roles with names that the encoding of the target's database cannot show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from koonj.config import ScratchPlace
from koonj.postgres.form_catalog import read_names
from koonj.postgres.readable_text import EscapedText, readable_rows_blocking
from koonj.runner.run.events import RunResult
from support.drift import drift_of
from support.project import Project, run_finished

OWNER = "DO $$ BEGIN EXECUTE format('ALTER TABLE t OWNER TO %I', (SELECT rolname FROM pg_roles WHERE oid = {})); END $$"
NONE = "\n-- Rollback: none: test\n"


class Roles:
    """Roles that were created in databases with other encodings, by the encoding."""

    def __init__(self, project: Project) -> None:
        self._dsn = project.target.dsn
        [(self._name,)] = project.sql("SELECT current_database()")
        self.oids: dict[str, int] = {}
        self.databases: dict[str, str] = {}

    def dsn(self, encoding: str) -> str:
        """Return the connection string of a database with this encoding; create it if needed."""
        if encoding not in self.databases:
            name = self.databases[encoding] = f"{self._name}_{encoding.lower()}"
            made = (
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
            )
            with psycopg.connect(self._dsn, autocommit=True) as conn:
                conn.execute(made.encode())
        return make_conninfo(self._dsn, dbname=self.databases[encoding])

    def create(self, encoding: str, name: str) -> int:
        """Create a role in a database with this encoding, and return its oid."""
        with psycopg.connect(self.dsn(encoding), autocommit=True, client_encoding="utf8") as conn:
            conn.execute(f'CREATE ROLE "{name}_{self._name}"'.encode())
            row = conn.execute(
                "SELECT oid FROM pg_roles WHERE rolname = %s", (f"{name}_{self._name}",)
            ).fetchone()
        assert row is not None
        self.oids[encoding] = row[0]
        return self.oids[encoding]

    def drop(self) -> None:
        drop = "DO $$ BEGIN EXECUTE format('DROP ROLE %I', (SELECT rolname FROM pg_roles WHERE oid = {})); END $$"
        with psycopg.connect(self._dsn, autocommit=True) as conn:
            for name in self.databases.values():
                conn.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            for oid in self.oids.values():
                conn.execute(drop.format(oid).encode())


@pytest.fixture
def roles(project: Project) -> Iterator[Roles]:
    found = Roles(project)
    yield found
    found.drop()


async def owners_of(project: Project) -> dict[str, str]:
    """Compare, and return the actual owners that differ, by object."""
    place = ScratchPlace(make_conninfo(project.target.dsn, dbname="postgres"))
    drift = await drift_of(project, place=place)
    return {one.identity: one.actual or "" for one in drift.differences if one.kind == "owner"}


@pytest.mark.parametrize(
    ("of_target", "of_role", "name", "shown"),
    [("UTF8", "LATIN1", "gül", r"g\xfcl"), ("EUC_JP", "UTF8", "żółw", r"\xc5\xbc\xc3\xb3\xc5\x82w")],
)
async def test_role_that_the_encoding_cannot_show_is_escaped(
    project: Project, roles: Roles, of_target: str, of_role: str, name: str, shown: str
) -> None:
    oid = roles.create(of_role, name)
    project.target = replace(project.target, dsn=roles.dsn(of_target))
    project.write("001_base.sql", f"BEGIN; CREATE TABLE t (id int); COMMIT;{NONE}")
    assert run_finished(await project.apply(measure=True)).result is RunResult.DONE
    assert await owners_of(project) == {}
    project.sql(OWNER.format(oid))
    ((thing, actual),) = (await owners_of(project)).items()
    assert thing == "of table public.t"
    assert actual.strip('"').startswith(f"{shown}_")
    assert await project.states() == {"001_base.sql": "applied"}
    async with await project.connector.connect(project.target) as conn:
        names = await read_names(conn, project.target)
    assert not [one for one in names.roles if shown in one], "no statement can name it"
    assert "t" in {relation.name for relation in names.relations}


def test_names_that_the_encoding_can_show_are_unchanged(project: Project, roles: Roles) -> None:
    roles.create("EUC_JP", "日本")
    roles.create("UTF8", "żółw")
    with closing(psycopg.connect(roles.dsn("EUC_JP"), autocommit=True, client_encoding="utf8")) as conn:
        rows = readable_rows_blocking(conn, "SELECT rolname, ARRAY[rolname::text], 1 FROM pg_roles")
    others = {name: type(name) for name, *_ in rows if "_" in name and name[0] in "日\\"}
    assert {name[:2]: kind for name, kind in others.items()} == {"日本": str, r"\x": EscapedText}
    assert all(row == (row[0], [row[0]], 1) for row in rows)
