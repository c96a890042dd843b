"""A plan names the publications and subscriptions of the tables that it changes, and what they refuse."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from koonj.config import ScratchPlace
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import PlanMade, RunResult
from koonj.runner.run.request import Extent, Request
from koonj.runner.start import start
from support.project import Project, collect_events, events_of_kind, run_finished

NONE = "\n-- Rollback: none: test\n"
BASE = f"""BEGIN;
CREATE TABLE orders (id int PRIMARY KEY, note text, state text);
CREATE TABLE parts (id int NOT NULL, note text) PARTITION BY RANGE (id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES FROM (0) TO (10);
CREATE TABLE copied (id int PRIMARY KEY, note text);
CREATE TABLE alone (id int PRIMARY KEY);
CREATE SCHEMA shown;
COMMIT;{NONE}"""
PUBLICATIONS = """
CREATE PUBLICATION "Orders" FOR TABLE orders, parts_0;
"""
SUBSCRIPTION = """
CREATE SUBSCRIPTION {0} CONNECTION 'dbname=nowhere' PUBLICATION p
    WITH (connect = false, slot_name = NONE);
SET allow_system_table_mods = on;
INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)
SELECT oid, 'copied'::regclass, 'r' FROM pg_subscription WHERE subname = '{0}';
"""


@pytest.fixture
async def replicated(project: Project) -> Project:
    """A project whose target publishes tables."""
    project.write("001_base.sql", BASE)
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.sql(PUBLICATIONS)
    return project


@pytest.fixture
async def subscriber(replicated: Project) -> AsyncIterator[tuple[Project, str]]:
    """The same, and a subscription that writes the table ``copied``; its publisher does not exist."""
    [(name,)] = replicated.sql("SELECT current_database()")
    replicated.sql(SUBSCRIPTION.format(name))
    yield replicated, name
    replicated.sql(f"DROP SUBSCRIPTION {name}")


async def notes_of(project: Project, *statements: str) -> list[str]:
    """Return the notes of the plan for one migration with these statements."""
    text = "".join(f"{statement};\n" for statement in statements)
    project.write("002_next.sql", f"BEGIN;\n{text}COMMIT;{NONE}")
    request = Request(Direction.APPLY, extent=Extent.ALL, measure=True, plan_only=True)
    place = ScratchPlace(make_conninfo(project.target.dsn, dbname="postgres"))
    run = start(project.connector, project.target, project.reader, request, place)
    (made,) = events_of_kind(await collect_events(run), PlanMade)
    return list(made.plan.notes)


async def test_changes_of_published_tables_are_to_be_made_at_the_subscribers_too(replicated: Project) -> None:
    found = await notes_of(
        replicated,
        "ALTER TABLE orders ADD COLUMN more int",
        "ALTER TABLE parts DROP COLUMN note",
        "ALTER TABLE alone ADD COLUMN more int",
        "CREATE TABLE fresh (id int)",
    )
    assert found == [
        'Publication "Orders" sends the rows of public.orders, public.parts, public.parts_0 to other databases, and '
        "logical replication copies no schema changes. Make them there too: add columns there first; drop there last."
    ]
    assert not await notes_of(replicated, "CREATE INDEX i ON orders (note)", "UPDATE orders SET note = ''")


async def test_new_tables_of_a_publication_are_named(replicated: Project) -> None:
    replicated.sql('DROP PUBLICATION "Orders"; CREATE PUBLICATION everything FOR ALL TABLES')
    [(version,)] = replicated.sql("SELECT current_setting('server_version_num')::int")
    if version >= 150000:
        replicated.sql("CREATE PUBLICATION of_schema FOR TABLES IN SCHEMA shown")
    found = await notes_of(
        replicated,
        "CREATE TABLE shown.fresh (id int PRIMARY KEY)",
        "CREATE TABLE fresh (id int PRIMARY KEY)",
        "CREATE TABLE passing (id int)",
        "DROP TABLE passing",
    )
    words = "and logical replication copies no schema changes. Make them there too: create new tables there first, "
    words += "and refresh the subscription afterwards."
    everything = (
        f"Publication everything sends the rows of public.fresh, shown.fresh to other databases, {words}"
    )
    of_schema = f"Publication of_schema sends the rows of shown.fresh to other databases, {words}"
    assert found == [everything, of_schema][: 1 + (version >= 150000)]


async def test_table_that_loses_the_key_of_its_publication_is_named(replicated: Project) -> None:
    key = "ALTER TABLE orders DROP CONSTRAINT orders_pkey"
    (note,) = await notes_of(replicated, key)
    assert note == (
        f"002_next.sql: after '{key.lower()}', PostgreSQL refuses UPDATE and DELETE on public.orders, because "
        'publication "Orders" needs its primary key. First set another identity: ALTER TABLE public.orders REPLICA '
        "IDENTITY FULL, or USING INDEX."
    )
    replicated.sql("INSERT INTO orders VALUES (1)")
    with psycopg.connect(replicated.target.dsn) as conn:
        conn.execute(key.encode())
        with pytest.raises(
            psycopg.errors.ObjectNotInPrerequisiteState, match="does not have a replica identity"
        ):
            conn.execute("UPDATE orders SET note = ''")
        conn.rollback()
    assert not await notes_of(replicated, key, "ALTER TABLE orders ADD PRIMARY KEY (id)")
    assert not await notes_of(replicated, "ALTER TABLE alone DROP CONSTRAINT alone_pkey")
    replicated.sql("ALTER TABLE orders REPLICA IDENTITY FULL")
    assert not await notes_of(replicated, key)


async def test_column_that_a_publication_names_cannot_be_dropped(replicated: Project) -> None:
    [(version,)] = replicated.sql("SELECT current_setting('server_version_num')::int")
    if version < 150000:
        pytest.skip("publications name columns since 15")
    replicated.sql("""ALTER PUBLICATION "Orders" SET TABLE orders (id, note) WHERE (id > 0)""")
    for column, cascade, is_refused in (
        ("note", "", True),
        ("id", "", True),
        ("state", "", False),
        ("note", " CASCADE", False),
    ):
        drop = f"ALTER TABLE orders DROP COLUMN {column}{cascade}"
        notes = [note for note in await notes_of(replicated, drop) if "will refuse" in note]
        assert len(notes) == is_refused
        for note in notes:
            assert f'publication "Orders" names column {column} of public.orders' in note
        with psycopg.connect(replicated.target.dsn) as conn:
            try:
                conn.execute(drop.encode())
                was_refused = False
            except psycopg.errors.DependentObjectsStillExist:
                was_refused = True
            conn.rollback()
        assert was_refused is is_refused


async def test_changes_of_subscribed_tables_name_what_stops_the_subscription(
    subscriber: tuple[Project, str],
) -> None:
    project, name = subscriber
    status = await project.status()
    assert status.server is not None
    assert status.server.kind == "publisher, subscriber"
    found = await notes_of(
        project,
        "ALTER TABLE copied DROP COLUMN note",
        "ALTER TABLE copied ADD CONSTRAINT positive CHECK (id > 0)",
        "ALTER TABLE alone ADD CONSTRAINT positive CHECK (id > 0)",
    )
    assert found == [
        f"Subscription {name} writes rows of another database into public.copied, and logical replication copies no "
        "schema changes: drop there first; a row from there that breaks a new constraint stops the subscription."
    ]
    assert not await notes_of(project, "ALTER TABLE copied ADD COLUMN more int")
