"""koonj drift: text, JSON and exit codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import psycopg
import pytest

from cli.test_rehearse import scratch_of
from koonj.postgres.embedded.conninfo import conninfo
from koonj.postgres.embedded.initdb import SUPERUSER
from koonj.runner.drift import DriftReport
from koonj.runner.run.codec import from_plain
from support.command import Project, Terminal
from support.own_process import wait_until

DOCS = (Path(__file__).parents[2] / "docs" / "json.md").read_text()


@pytest.fixture
def applied(project: Project) -> Project:
    project.table(1)
    project.write(
        "002_make_people.sql",
        """
        BEGIN;
        CREATE TABLE people (id int PRIMARY KEY, name varchar(50) DEFAULT 'x');
        CREATE INDEX people_name ON people (name);
        CREATE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT a + a';
        COMMIT;

        -- Rollback:
        -- BEGIN;
        -- DROP FUNCTION twice;
        -- DROP TABLE people;
        -- COMMIT;
        """,
    )
    assert project.koonj("apply", "--all", "--yes").code == 0
    return project


def test_no_drift_exits_0(applied: Project) -> None:
    answer = applied.koonj("drift")
    assert answer.code == 0, answer.err
    first, last = answer.out.splitlines()
    assert re.fullmatch(
        r"comparing local \(PostgreSQL \d+\.\d+\) with 2 applied migrations, run on PostgreSQL \S+ \(.+\)",
        first,
    )
    assert re.fullmatch(r"no drift: \d+ objects on local match the applied migrations", last)
    assert answer.err == ""


BY_HAND = """
    CREATE TABLE extra (id int PRIMARY KEY, note text);
    ALTER TABLE t1 ADD why text;
    DROP INDEX people_name;
    ALTER TABLE people ALTER name TYPE varchar(80);
    CREATE OR REPLACE FUNCTION twice(a int) RETURNS int LANGUAGE sql AS 'SELECT a * 2';
    GRANT SELECT ON people TO pg_monitor;
"""


def test_text_lists_differences_by_side(applied: Project) -> None:
    applied.sql(BY_HAND)
    answer = applied.koonj("drift")
    assert answer.code == 4
    _, *lines = answer.out.splitlines()
    expected = """\
only on local:
  table public.extra
  column public.t1.why: why text
  grant on table public.people to pg_monitor: GRANT SELECT
missing on local:
  index public.people_name: CREATE INDEX people_name ON public.people USING btree (name)
different (- expected, + actual on local):
  column public.people.name: varying(50) -> varying(80)
    - name character varying(50) DEFAULT 'x'::character varying
    + name character varying(80) DEFAULT 'x'::character varying
    - AS $function$SELECT a + a$function$
    + AS $function$SELECT a * 2$function$"""
    for line in expected.splitlines():
        assert line in lines, answer.out
    assert lines[-1] == "drift: 6 differences"


def test_verbose_lists_parts_of_new_tables(applied: Project) -> None:
    applied.sql(BY_HAND)
    lines = applied.koonj("drift", "--verbose").out.splitlines()
    assert "  column public.extra.note: note text" in lines
    assert "  constraint public.extra.extra_pkey: CONSTRAINT extra_pkey PRIMARY KEY (id)" in lines


def test_json_contains_the_report(applied: Project) -> None:
    applied.sql(BY_HAND)
    (applied.migrations / "001_make_t1.sql").unlink()
    answer = applied.koonj("drift", "--json")
    assert (answer.code, answer.json["koonj"], answer.json["command"]) == (4, 1, "drift")
    report = from_plain(DriftReport, answer.json["drift"])
    assert report.target == "local"
    assert report.notes == ("001_make_t1.sql has no file; koonj compares the recorded text.",)
    assert ("table", "public.extra") in {
        (d.kind, d.identity) for d in report.differences if d.expected is None
    }
    section = DOCS.split("### drift")[1].split("###")[0]
    assert {field.name for field in fields(DriftReport)} <= set(re.findall(r"\w+", section))


def test_unreachable_target_exits_1(files: Project) -> None:
    files.table(1)
    answer = files.koonj("drift", "--json")
    assert answer.code == 1
    assert answer.json["command"] == "drift"
    assert answer.json["error"]["message"].startswith("local: ")
    assert answer.json["error"]["message"].split("\n")[0] in answer.err


def test_comparison_fails_when_a_migration_fails_on_scratch(project: Project) -> None:
    project.sql("CREATE TABLE by_hand (id int)")
    project.write("001_a.sql", "CREATE VIEW v AS SELECT id FROM by_hand;\n\n-- Rollback: none: a test\n")
    assert project.koonj("apply", "--yes").code == 0
    answer = project.koonj("drift")
    assert (answer.code, answer.out) == (1, "")
    assert "migrations/001_a.sql:1:33: 001_a.sql fails on the scratch server" in answer.err
    assert 'ERROR 42P01: relation "by_hand" does not exist' in answer.err


def test_missing_server_version_exits_1(applied: Project) -> None:
    answer = applied.koonj("drift", "--pg", "9")
    assert answer.code == 1
    assert "PostgreSQL 9" in answer.err


def test_ctrl_c_cancels_and_removes_the_scratch_database(
    project: Project, terminal: Callable[..., Terminal]
) -> None:
    # Only scratch servers have this wal_level; they have the name of the target's database.
    asleep = "SELECT pg_sleep(60) WHERE current_setting('wal_level') = 'logical';\n"
    project.write("001_slow.sql", f"{asleep}\n-- Rollback: none: a test\n")
    for number in range(2, 4):
        project.table(number)
    assert project.koonj("apply", "--all", "--yes").code == 0
    user = terminal("drift")
    _wait_until_asleep(user.process.pid)
    user.type("\x03")
    user.expect("Cancelled. Nothing was changed, and the scratch database was deleted.")
    assert user.close() == 6


def _wait_until_asleep(pid: int) -> None:
    """Wait until a statement sleeps on the scratch server that process `pid` runs."""
    asleep = "SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep'"

    def is_asleep() -> bool:
        try:
            with psycopg.connect(conninfo(scratch_of(pid), SUPERUSER, "postgres")) as conn:
                return bool(conn.execute(asleep).fetchall())
        except psycopg.OperationalError:  # it is being started, or replaced
            return False

    wait_until(is_asleep)
