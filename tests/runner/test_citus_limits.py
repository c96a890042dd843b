"""A plan names what Citus refuses. A stand-in has Citus' catalogs: rows and tables of these names and columns."""

from __future__ import annotations

import pytest
from psycopg.conninfo import make_conninfo

from koonj.config import ScratchPlace
from koonj.postgres.connector import Connector
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import PlanMade, RunResult
from koonj.runner.run.request import Extent, Request
from koonj.runner.start import start
from support.project import Project, collect_events, events_of_kind, run_finished

NONE = "\n-- Rollback: none: test\n"
EXTENSION = """
SET allow_system_table_mods = on;
INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
VALUES (99999, 'citus', 10, 11, false, '12.1-1');
"""
CATALOGS = """
SET allow_system_table_mods = on;
CREATE TABLE pg_catalog.pg_dist_local_group (groupid int PRIMARY KEY);
CREATE TABLE pg_catalog.pg_dist_partition (
    logicalrelid regclass PRIMARY KEY, partmethod "char", partkey text, colocationid int, repmodel "char"
);
GRANT SELECT ON pg_catalog.pg_dist_local_group, pg_catalog.pg_dist_partition TO PUBLIC;
INSERT INTO pg_dist_local_group VALUES (0);
INSERT INTO pg_dist_partition VALUES
    ('ads', 'h', '{VAR :varno 1 :varattno 2 :vartype 23 :vartypmod -1}', 1, 's'),
    ('clicks', 'h', '{VAR :varno 1 :varattno 2 :vartype 23 :vartypmod -1}', 1, 's'),
    ('visits', 'h', '{VAR :varno 1 :varattno 1 :vartype 23 :vartypmod -1}', 2, 's'),
    ('states', 'n', NULL, 3, 't');
"""
BASE = f"""BEGIN;
CREATE TABLE ads (id int, tenant_id int, url text, PRIMARY KEY (tenant_id, id));
CREATE TABLE clicks (id int, tenant_id int, ad int, state text, visit int);
CREATE TABLE visits (id int PRIMARY KEY);
CREATE TABLE states (code text PRIMARY KEY, ad int, tenant_id int);
CREATE TABLE plain (id int PRIMARY KEY, ad int, tenant_id int);
CREATE INDEX ads_a ON ads (url);
CREATE INDEX ads_b ON ads (url);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
COMMIT;{NONE}"""
SHARDS = (
    "Citus makes the changes of {} on all shards, on all nodes. koonj has rehearsed them without Citus: the locks and "
    "times are those of one table."
)


@pytest.fixture
async def citus(project: Project) -> Project:
    """A project whose target has the stand-in."""
    project.write("001_base.sql", BASE)
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.sql(EXTENSION)
    project.sql(CATALOGS)
    return project


async def notes_of(project: Project, *statements: str, together: bool = False) -> list[str]:
    """Return the notes of the plan for one migration with these statements."""
    text = "".join(f"{statement};\n" for statement in statements)
    project.write("002_next.sql", (f"BEGIN;\n{text}COMMIT;" if together else text) + NONE)
    request = Request(Direction.APPLY, extent=Extent.ALL, measure=True, plan_only=True)
    place = ScratchPlace(make_conninfo(project.target.dsn, dbname="postgres"))
    run = start(project.connector, project.target, project.reader, request, place)
    (made,) = events_of_kind(await collect_events(run), PlanMade)
    return [note.replace("002_next.sql: Citus will refuse ", "") for note in made.plan.notes]


async def test_plan_names_what_citus_refuses(citus: Project) -> None:
    status = await citus.status()
    assert status.server is not None
    assert status.server.kind == "Citus 12.1-1"
    found = await notes_of(
        citus,
        "ALTER TABLE ads ADD CONSTRAINT ads_url UNIQUE (url)",
        "ALTER TABLE clicks ADD PRIMARY KEY (id)",
        "CREATE UNIQUE INDEX CONCURRENTLY clicks_id ON clicks (ad)",
        "ALTER TABLE ads ALTER COLUMN tenant_id TYPE bigint",
        "ALTER TABLE clicks ADD CONSTRAINT to_plain FOREIGN KEY (ad) REFERENCES plain",
        "ALTER TABLE clicks ADD CONSTRAINT to_visits FOREIGN KEY (visit) REFERENCES visits",
        "ALTER TABLE states ADD CONSTRAINT to_ads FOREIGN KEY (tenant_id, ad) REFERENCES ads (tenant_id, id)",
        "CREATE TRIGGER t BEFORE INSERT ON ads FOR EACH ROW EXECUTE FUNCTION f()",
        "DROP INDEX ads_a, ads_b",
    )
    assert found == [
        SHARDS.format("public.ads, public.clicks, public.states"),
        "'alter table ads add constraint ads_url': public.ads is distributed by tenant_id, and a unique constraint "
        "must contain this column, because nodes do not compare their rows.",
        "'alter table clicks add primary key': public.clicks is distributed by tenant_id, and a primary key must contain this "
        "column, because nodes do not compare their rows.",
        "'create unique index concurrently clicks_id on clicks': public.clicks is distributed by tenant_id, and a "
        "unique index must contain this column, because nodes do not compare their rows.",
        "'alter table ads alter column tenant_id type bigint': tenant_id is the distribution column of public.ads. "
        "Distribute the table by another column before (alter_distributed_table).",
        "'alter table clicks add constraint to_plain': a foreign key from public.clicks to public.plain is one from a "
        "distributed table to one that is neither distributed nor a reference table.",
        "'alter table clicks add constraint to_visits': a foreign key from public.clicks to public.visits is one "
        "between distributed tables that are not colocated.",
        "'alter table states add constraint to_ads': a foreign key from public.states to public.ads is one from a "
        "reference table to a distributed one.",
        "'create trigger t on ads': it allows no trigger on the distributed table public.ads.",
        "'drop index ads_a and 1 more': it drops one index of a distributed table at a time. Write a DROP INDEX for each.",
    ]


async def test_what_citus_allows_is_not_named(citus: Project) -> None:
    found = await notes_of(
        citus,
        "ALTER TABLE ads ADD COLUMN note text",
        "ALTER TABLE ads ADD CONSTRAINT ads_url UNIQUE (tenant_id, url)",
        "CREATE INDEX CONCURRENTLY ads_note ON ads (note)",
        "ALTER TABLE ads ALTER COLUMN id TYPE bigint",
        "ALTER TABLE clicks ADD CONSTRAINT to_states FOREIGN KEY (state) REFERENCES states",
        "ALTER TABLE clicks ADD CONSTRAINT to_ads FOREIGN KEY (tenant_id, id) REFERENCES ads (tenant_id, id)",
        "CREATE TRIGGER t BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION f()",
        "ALTER TABLE plain ADD CONSTRAINT plain_ad UNIQUE (ad)",
        "DROP INDEX ads_a",
    )
    assert found == [SHARDS.format("public.ads, public.clicks")]


async def test_type_after_a_change_of_a_distributed_table_in_one_transaction(citus: Project) -> None:
    change, kind = "ALTER TABLE ads ADD COLUMN note text", "CREATE TYPE mood AS ENUM ('good')"
    found = await notes_of(citus, change, kind, together=True)
    assert found[1:] == [
        "'create type mood': the same transaction has changed public.ads, which is distributed, before. Move it into a "
        "migration before, or write SET LOCAL citus.multi_shard_modify_mode = 'sequential' first."
    ]
    assert len(await notes_of(citus, kind, change, together=True)) == 1


async def test_node_that_is_a_worker_or_keeps_changes_to_itself_is_named(citus: Project) -> None:
    [(name,)] = citus.sql("SELECT current_database()")
    citus.sql(
        f"UPDATE pg_dist_local_group SET groupid = 2; ALTER DATABASE {name} SET citus.enable_ddl_propagation = off"
    )
    async with Connector() as citus.connector:
        found = await notes_of(citus, "ALTER TABLE ads ADD COLUMN note text")
    assert found == [
        "This node of Citus is a worker. Changes of distributed tables must run on the coordinator: point the target "
        "at it.",
        "citus.enable_ddl_propagation is off: changes of public.ads stay on this node, and the shards on the other "
        "nodes do not get them. Turn it on for the role of this target.",
    ]


async def test_extension_of_that_name_without_its_catalogs_is_told(project: Project) -> None:
    project.sql(EXTENSION)
    assert await notes_of(project, "CREATE TABLE t (id int)") == [
        'koonj could not read what Citus says of the target\'s tables: relation "pg_catalog.pg_dist_local_group" does '
        "not exist"
    ]
