"""No reading depends on settings that ALTER ROLE or ALTER DATABASE make for the sessions of koonj."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from psycopg import conninfo, sql

from koonj.postgres import advisory_lock
from koonj.postgres.catalog.read import read_target_catalog
from koonj.postgres.scratch.role_settings import read_surroundings
from koonj.runner.rehearse.verdict import EPOCH, Rehearsal
from koonj.runner.run.events import MigrationProbed, PlanMade, RunResult
from koonj.runner.run.planned import Plan
from koonj.runner.run.request import Extent
from support.drift import drift_of
from support.project import Project, events_of_kind, run_finished
from support.rehearsal_folder import RehearsalFolder

SetFor = Callable[[str, Mapping[str, str | None]], None]

SETTINGS = {
    "extra_float_digits": "-15",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Asia/Kathmandu",
    "bytea_output": "escape",
    "standard_conforming_strings": "off",
    "escape_string_warning": "off",
    "backslash_quote": "off",
    "search_path": "",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "default_transaction_deferrable": "on",
    "array_nulls": "off",
    "transform_null_equals": "on",
    "quote_all_identifiers": "on",
    "row_security": "off",
    "xmlbinary": "hex",
    "xmloption": "document",
    "lc_monetary": "POSIX",
    "lc_numeric": "POSIX",
    "lc_messages": "POSIX",
    "jit": "on",
    "enable_nestloop": "off",
    "default_text_search_config": "pg_catalog.german",
    "timezone_abbreviations": "Australia",
    "debug_parallel_query": "on",
}

APPLIED = r"""
CREATE SCHEMA app;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE TABLE app.boats (
    id int PRIMARY KEY,
    name text DEFAULT 'x' NOT NULL,
    weight float8 DEFAULT float8 '0.12345678901234567' CHECK (weight < 1e15),
    at timestamptz DEFAULT '2026-01-02 03:04:05.678901+00'::timestamptz,
    day date DEFAULT date '2026-01-02',
    wait interval DEFAULT interval '1 day 2:03:04.5',
    raw bytea DEFAULT E'\\x0001ff'::bytea,
    path text DEFAULT E'a\\b''c',
    price money,
    mood app.mood DEFAULT 'ok',
    tags text[] DEFAULT ARRAY['a', NULL]
);
CREATE TABLE app.days (day timestamptz, n int) PARTITION BY RANGE (day);
CREATE TABLE app.days_1 PARTITION OF app.days
    FOR VALUES FROM ('2026-01-01 00:00:00+00') TO ('2026-02-01 00:00:00+00');
CREATE INDEX boats_path ON app.boats (path) WHERE path <> E'\\' AND weight > 0.3::float8;
CREATE VIEW app.heavy AS
    SELECT b.id, b.at AT TIME ZONE 'UTC' AS at, interval '1 year 2 months 3 days 04:05:06' AS age, 1e-7::float8 AS small,
           timestamptz '2026-06-01 12:00:00+00' AS june, E'back\\slash' AS slash, money '1.50' AS price
    FROM app.boats b WHERE b.weight = ANY (ARRAY[0.1::float8, 0.3::float8]);
CREATE FUNCTION app.f(a timestamptz DEFAULT '2026-03-04 05:06:07+00', b float8 DEFAULT 0.7) RETURNS int
    LANGUAGE sql AS $$ SELECT 1 $$;
CREATE RULE r AS ON INSERT TO app.heavy DO INSTEAD NOTHING;
INSERT INTO app.boats (id) SELECT g FROM pg_catalog.generate_series(1, 4000) AS g;
ANALYZE app.boats;
"""
PENDING = """
ALTER TABLE app.boats ADD COLUMN owner text;
ALTER TABLE app.boats ADD CHECK (id > 0);
CREATE INDEX boats_owner ON app.boats (owner);
"""


@pytest.fixture
def set_for(project: Project) -> Iterator[SetFor]:
    """A function that makes settings for the login role of the target, or for its database."""
    [(database,)] = project.sql("SELECT current_database()")
    login, mine = f"login_{database}", project.target
    writable = conninfo.make_conninfo(mine.dsn, options="-c default_transaction_read_only=off")
    admin = Project(project.path, replace(mine, dsn=writable), project.connector)
    admin.sql(f"CREATE ROLE {login} LOGIN SUPERUSER")
    project.target = replace(mine, dsn=conninfo.make_conninfo(mine.dsn, user=login))
    known = {name for (name,) in admin.sql("SELECT name FROM pg_settings")}

    def set_for(place: str, settings: Mapping[str, str | None]) -> None:
        whose = sql.Identifier(login if place == "role" else database)
        for name in settings.keys() & known:
            value = settings[name]
            to = sql.SQL("DEFAULT") if value is None else sql.Literal(value)
            what = sql.SQL(place)
            admin.sql(
                sql.SQL("ALTER {} {} SET {} TO {}").format(what, whose, sql.Identifier(name), to).as_string()
            )

    yield set_for
    admin.sql(f"DROP OWNED BY {login} CASCADE; DROP ROLE {login}")


async def prepare(project: Project) -> None:
    undo = "-- Rollback:\n-- BEGIN;\n-- {}\n-- COMMIT;\n"
    project.write("001_app.sql", f"BEGIN;\n{APPLIED}COMMIT;\n{undo.format('DROP SCHEMA app CASCADE;')}")
    owner = undo.format("ALTER TABLE app.boats DROP COLUMN owner;")
    project.write("002_owner.sql", f"BEGIN;\n{PENDING}COMMIT;\n{owner}")
    end = run_finished(await project.apply(number=1, extent=Extent.UP_TO))
    assert end.result is RunResult.DONE, end


async def readings(project: Project) -> dict[str, Any]:
    """Return what koonj reads of a target."""
    async with (
        await project.connector.connect(project.target, name="a run") as conn,
        await project.connector.connect(project.target) as other,
    ):
        catalog = await read_target_catalog(other, project.target)
        assert await advisory_lock.try_lock(conn)
        holder = await advisory_lock.holder(other)
        assert holder is not None
        started = (
            "SELECT (extract(epoch FROM backend_start) * 1000000)::int8 FROM pg_stat_activity WHERE pid = %s"
        )
        [(since,)] = project.sql(started, holder.pid)
    status = await project.status()
    plan = await project.apply(plan_only=True, measure=True)
    return {
        "status": (status.error, [(m.name, m.state, m.note) for m in status.migrations]),
        "holder": holder.since is not None and round(holder.since.timestamp() * 1e6) == since,
        "history": await project.entries(),
        "catalog": catalog,
        "plan": [_unchanging(event.plan) for event in events_of_kind(plan, PlanMade)],
    }


async def slow_readings(project: Project) -> dict[str, Any]:
    """Return what koonj finds out with a scratch server."""
    drift = await drift_of(project)
    folder = RehearsalFolder(project.path, project.connector)
    applied = frozenset({"001_app.sql"})
    verdicts = await folder.rehearse(like=project.target, applied=applied, again=True)
    return {
        "drift": (drift.differences, drift.notes, drift.migrations),
        "verdicts": [_timeless(one) for one in verdicts.values()],
    }


async def probe(project: Project) -> list[MigrationProbed]:
    """Return the locks that a probe measures on the target."""
    events = events_of_kind(await project.apply(probe=True), MigrationProbed)
    return [replace(event, seconds=0, at=EPOCH) for event in events]


def _unchanging(plan: Plan) -> str:
    """Return the plan without the activity on its tables, which the readings add to, and without times."""
    text = re.sub("activity='.*?'", "", str(plan))
    return re.sub(r"at=datetime\.datetime\([^)]*\), seconds=[-+.e\d]+", "", text)


def _timeless(rehearsal: Rehearsal) -> Rehearsal:
    """Return the rehearsal without times, and without a key that depends on the role's settings."""
    apply, rollback = (
        tuple(replace(trace, seconds=0, wal_bytes=None) for trace in traces)
        for traces in (rehearsal.apply, rehearsal.rollback)
    )
    return replace(
        rehearsal, apply=apply, rollback=rollback, apply_seconds=0, rollback_seconds=0, at=EPOCH, cache_key=""
    )


async def test_no_reading_depends_on_a_setting_of_the_role(project: Project, set_for: SetFor) -> None:
    await prepare(project)
    await readings(project)  # rehearses
    expected = await readings(project)
    assert expected["holder"]
    found = {}
    for name, value in SETTINGS.items():
        set_for("role", {name: value})
        found[name] = await readings(project)
        set_for("role", {name: None})
    (refused,) = found["default_transaction_read_only"].pop("plan")
    assert "default_transaction_read_only is on" in refused, "the plan says that the role cannot run it"
    assert {
        (name, what): value[what]
        for name, value in found.items()
        for what in value
        if value[what] != expected[what]
    } == {}


@pytest.mark.slow
@pytest.mark.parametrize("place", ["role", "database"])
async def test_no_comparison_depends_on_the_settings_of_sessions(
    project: Project, set_for: SetFor, place: str
) -> None:
    await prepare(project)
    expected, locks = await slow_readings(project), await probe(project)
    assert locks
    set_for(place, SETTINGS)
    assert await slow_readings(project) == expected
    set_for(place, {"default_transaction_read_only": "off"})  # a probe runs the migrations
    assert await probe(project) == locks


async def test_copy_of_a_target_has_no_setting_that_stops_runs(project: Project, set_for: SetFor) -> None:
    """A rehearsal on a copy sets the time limits of a run, and must be able to write."""
    limits = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    set_for("database", dict.fromkeys(limits, "1min"))
    set_for("database", {"default_transaction_read_only": "on", "work_mem": "5MB"})
    async with await project.connector.connect(project.target) as conn:
        copied = dict((await read_surroundings(conn)).settings)
    assert copied.keys() == {"work_mem", "search_path"}


@pytest.mark.slow
async def test_drift_replays_migrations_with_the_settings_that_change_constants(
    project: Project, set_for: SetFor
) -> None:
    set_for("role", {"array_nulls": "off", "timezone_abbreviations": "Australia"})
    project.write(
        "001_constants.sql",
        "BEGIN;\nCREATE TABLE t (a text[] DEFAULT '{NULL}'::text[]);\nCREATE VIEW v AS "
        "SELECT timestamptz '2026-01-01 00:00 CST' AS at;\nCOMMIT;\n-- Rollback: none: test\n",
    )
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert (await drift_of(project)).differences == ()
