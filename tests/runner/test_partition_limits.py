"""A plan knows the partitions of its target: foreign ones, and how many locks all of them need."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from koonj.config import ScratchPlace
from koonj.runner.impact import requirements
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import PlanMade, RunResult
from koonj.runner.run.request import Extent, Request
from koonj.runner.start import start
from support.project import Project, collect_events, events_of_kind, run_finished

NONE = "\n-- Rollback: none: test\n"
BASE = f"""BEGIN;
CREATE TABLE refs (id int PRIMARY KEY);
CREATE TABLE events (id int, k int NOT NULL, note text) PARTITION BY RANGE (k);
CREATE TABLE events_0 PARTITION OF events FOR VALUES FROM (0) TO (10);
CREATE INDEX events_note ON events (note);
CREATE TABLE plain (id int, k int NOT NULL) PARTITION BY RANGE (k);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
COMMIT;{NONE}"""
ON_TARGET = """
CREATE FOREIGN DATA WRAPPER far;
CREATE SERVER shard_1 FOREIGN DATA WRAPPER far;
CREATE SERVER shard_2 FOREIGN DATA WRAPPER far;
CREATE FOREIGN TABLE events_1 PARTITION OF events FOR VALUES FROM (10) TO (20) SERVER shard_1;
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (20) TO (40) PARTITION BY RANGE (k);
CREATE TABLE events_2a PARTITION OF events_2 FOR VALUES FROM (20) TO (30);
CREATE FOREIGN TABLE "Events" PARTITION OF events_2 FOR VALUES FROM (30) TO (40) SERVER shard_2;
CREATE TABLE plain_0 PARTITION OF plain FOR VALUES FROM (0) TO (10);
"""
FOREIGN = '2 partitions are foreign tables (public."Events", public.events_1)'
REFUSED = {
    "ALTER TABLE events ADD PRIMARY KEY (k)": "a primary key",
    "ALTER TABLE events ADD CONSTRAINT u UNIQUE (k)": "a unique constraint",
    "CREATE UNIQUE INDEX u ON events (k)": "a unique index",
    "ALTER TABLE events ADD CONSTRAINT r FOREIGN KEY (id) REFERENCES refs": "a foreign key",
    "CREATE CONSTRAINT TRIGGER t AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION f()": "a constraint trigger",
}
ALLOWED = (
    "CREATE UNIQUE INDEX u ON ONLY events (k)",
    "ALTER TABLE ONLY events ADD CONSTRAINT u UNIQUE (k)",
    "CREATE INDEX i ON events (id)",
    "CREATE TRIGGER t AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION f()",
    "ALTER TABLE events ADD CONSTRAINT c CHECK (id > 0)",
    "CREATE UNIQUE INDEX u ON plain (k)",
    "ALTER TABLE plain ADD COLUMN more int",
)
COUNTED = (
    "ALTER TABLE events ADD COLUMN more int",
    "ALTER TABLE events ALTER COLUMN id SET NOT NULL",
    "CREATE INDEX i ON events (id)",
    "ALTER TABLE events ADD CONSTRAINT c CHECK (id > 0)",
    "DROP TABLE events",
    "CREATE INDEX i ON ONLY events (id)",
    "ALTER TABLE events RENAME TO happenings",
    "ALTER TABLE events ADD COLUMN more int; CREATE INDEX i ON events (id); CREATE INDEX j ON events (k)",
)


@pytest.fixture
async def partitioned(project: Project) -> Project:
    """A project whose target has partitions that no migration has made."""
    project.write("001_base.sql", BASE)
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.sql(ON_TARGET)
    return project


async def notes_of(project: Project, *bodies: str) -> list[str]:
    """Return the notes of the plan for these migrations: 002 for the first one, and so on."""
    for number, body in enumerate(bodies, 2):
        project.write(f"{number:03d}_next.sql", body + NONE)
    request = Request(Direction.APPLY, extent=Extent.ALL, measure=True, plan_only=True)
    place = ScratchPlace(make_conninfo(project.target.dsn, dbname="postgres"))
    run = start(project.connector, project.target, project.reader, request, place)
    (made,) = events_of_kind(await collect_events(run), PlanMade)
    return list(made.plan.notes)


def tried(project: Project, body: str) -> tuple[bool, int]:
    """Run statements on the target and roll them back: whether it accepts them, and how many relations they lock."""
    with psycopg.connect(project.target.dsn, autocommit=True) as conn, conn.transaction(force_rollback=True):
        try:
            with conn.transaction():
                conn.execute(body.encode())
        except psycopg.errors.WrongObjectType:
            return False, 0
        locked = conn.execute(
            "SELECT count(DISTINCT l.relation) FROM pg_locks l WHERE l.pid = pg_backend_pid() "
            "AND l.locktype = 'relation' AND l.mode <> 'AccessShareLock' AND l.relation >= 16384"
        ).fetchone()
        assert locked is not None
        return True, locked[0]


async def test_plan_names_what_foreign_partitions_refuse(partitioned: Project) -> None:
    bodies = [*REFUSED, *ALLOWED]
    # One after the other on one scratch database: what the one makes, the next one takes away.
    undo = (
        "ALTER TABLE events DROP CONSTRAINT IF EXISTS events_pkey, DROP CONSTRAINT IF EXISTS u, DROP CONSTRAINT IF "
        "EXISTS r, DROP CONSTRAINT IF EXISTS c; DROP TRIGGER IF EXISTS t ON events; DROP INDEX IF EXISTS u, i;"
    )
    notes = await notes_of(partitioned, *(f"{undo} {body};" for body in bodies))
    refused = {}
    for note in notes:
        if found := re.match(
            r"(\d+)_next\.sql: PostgreSQL will refuse '.*': public\.events cannot have (.*), because", note
        ):
            refused[bodies[int(found[1]) - 2]] = found[2]
            assert FOREIGN in note
    assert refused == REFUSED
    assert {body: tried(partitioned, body)[0] for body in bodies} == {
        body: body not in REFUSED for body in bodies
    }
    assert len(notes) == len(REFUSED), "a change of no column needs nothing on the other servers"


async def test_plan_says_to_change_the_tables_behind_foreign_partitions(partitioned: Project) -> None:
    notes = await notes_of(partitioned, "ALTER TABLE events ADD COLUMN more int;")
    assert notes == [
        f"public.events: {FOREIGN}. PostgreSQL changes public.events only in this database. Change the tables on "
        "servers shard_1, shard_2 too: add columns there first, and drop them there last."
    ]


async def test_plan_counts_the_locks_of_all_partitions(
    partitioned: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requirements, "LARGE_SHARE", 0.0)
    counted = {}
    for body in COUNTED:
        notes = await notes_of(partitioned, f"BEGIN; {body}; COMMIT;")
        found = (re.match(r"002_next.sql locks (\d+) relations at once", note) for note in notes)
        counted[body] = [int(one[1]) for one in found if one is not None]
    assert counted == {body: [tried(partitioned, body)[1]] for body in COUNTED}
