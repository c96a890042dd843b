"""Test what a backfill does with rows that other sessions have locked, and when it gives up."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.new import create
from koonj.postgres.connector import Connector
from support.project import Project, run_finished

NEVER_WAITS = "SET lock_timeout = '100ms';\n"
"""Every wait for a row ends the script with an error."""
IMPATIENT = ("'1 min'", "'1 s'")
"""A second pass takes less, also on a slow machine."""
TALKATIVE = ("interval '5 s'", "interval '0'")
SLEEPS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
"""The backfill has found nothing but locked rows, and sleeps until its next pass."""


@contextmanager
def held(bench: Any, lock: str) -> Iterator[psycopg.Connection[Any]]:
    """Hold the locks of a statement in a transaction of another session."""
    with psycopg.connect(bench.dsn, application_name="somebody") as other:
        other.execute(lock)
        yield other


def until_asleep(bench: Any, running: subprocess.Popen[str]) -> None:
    with psycopg.connect(bench.dsn, autocommit=True) as watching:
        while running.poll() is None and watching.execute(SLEEPS).fetchone() == (0,):
            pass
    assert running.poll() is None


def backfill(library: Any, **values: str) -> str:
    (draft,) = library.drafts("backfill", table="t", **values)
    return f"{NEVER_WAITS}{draft.text}"


@pytest.mark.parametrize("lock", ["UPDATE t SET a = 0 WHERE a = 7", "SELECT FROM t WHERE a = 7 FOR UPDATE"])
def test_a_locked_row_is_filled_when_it_is_free(bench: Any, library: Any, lock: str) -> None:
    bench.sql("CREATE TABLE t (a int, b int); INSERT INTO t SELECT generate_series(1, 100)")
    with held(bench, lock) as other:
        running = bench.start(backfill(library, column="b", value="a"))
        until_asleep(bench, running)
        assert bench.sql("SELECT count(b) FROM t") == [(99,)]
        other.commit()
        assert running.wait() == 0
    assert bench.sql("SELECT count(*) FROM t WHERE a = b") == [(100,)]


def test_a_row_that_moves_to_a_page_before_is_filled(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (id int, c int) WITH (autovacuum_enabled = off)")
    bench.sql("INSERT INTO t SELECT generate_series(1, 4000)")
    bench.sql("DELETE FROM t WHERE id <= 100")
    bench.sql("VACUUM t")
    with held(bench, "SELECT") as other:
        place = "UPDATE t SET id = -id WHERE id = 3000 RETURNING ctid::text LIKE '(0,%'"
        assert other.execute(place).fetchone() == (True,)
        running = bench.start(backfill(library, column="c", value="id"))
        until_asleep(bench, running)
        other.commit()
        assert running.wait() == 0
    assert bench.sql("SELECT count(*), min(c) FROM t WHERE id = c") == [(3900, -3000)]


def test_rows_that_stay_locked_are_counted_and_can_be_filled_later(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (a int, b int); INSERT INTO t SELECT generate_series(1, 100)")
    text = backfill(library, column="b", value="a").replace(*IMPATIENT).replace(*TALKATIVE)
    with held(bench, "SELECT FROM t WHERE a < 3 FOR UPDATE") as other:
        error = bench.run("\\set VERBOSITY verbose\n" + text).stderr
        assert "ERROR:  55P03: rows of t still locked by other sessions after 00:00:01: 2\n" in error
        assert "NOTICE:  00000: pass 2: 98 rows filled, 2 locked by other sessions\n" in error
        holder = f"process {other.info.backend_pid}, somebody, idle in transaction."
        assert f"DETAIL:  Sessions that use the table: {holder}\n" in error
        assert (
            "HINT:  Wait for these sessions or end them, then apply this again: filled rows stay filled.\n"
            in error
        )
        assert bench.sql("SELECT count(b) FROM t") == [(98,)]
    assert bench.run(text).returncode == 0
    assert bench.sql("SELECT count(*) FROM t WHERE a = b") == [(100,)]


def test_a_row_that_others_refer_to_is_not_waited_for(bench: Any, library: Any) -> None:
    """An insert of a reference locks the row against changes of unique columns only."""
    bench.sql(
        "CREATE TABLE t (id int PRIMARY KEY, plain int, own int UNIQUE); INSERT INTO t VALUES (1), (2);"
        "CREATE TABLE child (t_id int REFERENCES t)"
    )
    with held(bench, "INSERT INTO child VALUES (1)") as other:
        assert bench.run(backfill(library, column="plain", value="id")).stderr == ""
        running = bench.start(backfill(library, column="own", value="id"))
        until_asleep(bench, running)
        other.commit()
        assert running.wait() == 0
    assert bench.sql("SELECT id FROM t WHERE id = plain AND id = own ORDER BY id") == [(1,), (2,)]


def test_a_locked_row_at_the_same_place_of_another_partition_is_not_waited_for(
    bench: Any, library: Any
) -> None:
    bench.sql(
        "CREATE TABLE t (a int, b int) PARTITION BY LIST (a); CREATE TABLE one PARTITION OF t FOR VALUES IN (1);"
        "CREATE TABLE two PARTITION OF t FOR VALUES IN (2); INSERT INTO t VALUES (1), (2)"
    )
    assert bench.sql("SELECT count(DISTINCT ctid), count(*) FROM t") == [(1, 2)]
    with held(bench, "SELECT FROM one FOR UPDATE") as other:
        running = bench.start(backfill(library, column="b", value="a"))
        until_asleep(bench, running)
        assert bench.sql("SELECT b FROM two") == [(2,)]
        other.commit()
        assert running.wait() == 0


def test_koonj_applies_it_while_a_row_is_locked(bench: Any, library: Any, tmp_path: Path) -> None:
    bench.sql("CREATE TABLE t (a int, b int); INSERT INTO t SELECT generate_series(1, 100)")
    folder = tmp_path / "migrations"
    folder.mkdir()
    create(folder, library.drafts("backfill", table="t", column="b", value="a"))

    async def applied(other: psycopg.Connection[Any]) -> Any:
        async with Connector() as connector:
            project = Project(folder, Target("local", bench.dsn), connector)
            running = asyncio.create_task(project.apply())
            while not running.done() and bench.sql(SLEEPS) == [(0,)]:
                await asyncio.sleep(0.01)
            other.commit()
            return run_finished(await running)

    with held(bench, "UPDATE t SET a = 0 WHERE a = 7") as other:
        assert asyncio.run(applied(other)).failure is None
    assert bench.sql("SELECT count(*) FROM t WHERE a = b") == [(100,)]


def test_it_stops_when_filled_rows_match_again(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (c int); INSERT INTO t VALUES (1)")
    error = bench.run(backfill(library, column="c", value="c + 1", where="c > 0")).stderr
    assert "after 21 passes t has still rows to fill: 1" in error


def test_it_stops_when_a_trigger_leaves_rows_as_they_are(bench: Any, library: Any) -> None:
    bench.sql("CREATE TABLE t (a int, c int); INSERT INTO t VALUES (1), (2)")
    bench.sql(
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
        "CREATE TRIGGER nothing BEFORE UPDATE ON t FOR EACH ROW WHEN (OLD.a = 1) EXECUTE FUNCTION nothing()"
    )
    error = bench.run(backfill(library, column="c", value="a")).stderr
    assert "after 21 passes t has still rows to fill: 1" in error
    assert bench.sql("SELECT c FROM t ORDER BY a") == [(None,), (2,)]
