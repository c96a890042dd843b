"""koonj apply and rollback without a terminal."""

from __future__ import annotations

import re
import subprocess
import sys

import psycopg
import pytest

from koonj.postgres.advisory_lock import KEY
from support.command import Project


def test_apply_takes_the_next_up_to_a_number_or_all(project: Project) -> None:
    for number in range(1, 6):
        project.table(number)
    assert project.koonj("apply", "--yes").code == 0
    assert project.tables() == {"t1"}
    assert project.koonj("apply", "003", "--yes").code == 0
    assert project.tables() == {"t1", "t2", "t3"}
    assert project.koonj("apply", "migrations/004_make_t4.sql", "--yes").code == 0
    assert project.tables() == {"t1", "t2", "t3", "t4"}
    assert project.koonj("apply", "--all", "--yes").code == 0
    assert project.tables() == {"t1", "t2", "t3", "t4", "t5"}
    nothing = project.koonj("apply", "--yes")
    assert nothing.code == 0
    assert nothing.out.endswith("Nothing to apply: no migration is pending.\n")


def test_rollback_takes_the_last_above_a_number_or_all(project: Project) -> None:
    for number in range(1, 6):
        project.table(number)
    project.koonj("apply", "--all", "--yes")
    answer = project.koonj("rollback", "--yes")
    assert answer.code == 0
    assert "◦ rolled back  005_make_t5.sql  1 statement, " in answer.out
    assert project.tables() == {"t1", "t2", "t3", "t4"}
    assert project.koonj("rollback", "2", "--yes").code == 0
    assert project.tables() == {"t1", "t2"}
    assert project.koonj("rollback", "--all", "--yes").code == 0
    assert project.tables() == set()


def test_output_is_the_plan_then_the_progress(project: Project) -> None:
    project.write(
        "001_one.sql",
        """
        BEGIN;
        CREATE TABLE t1 (id int);
        DO $$ BEGIN RAISE NOTICE 'look here' USING HINT = 'or there'; END $$;
        COMMIT;
        """,
    )
    lines = project.koonj("apply", "--yes").out.splitlines()
    assert lines[0].startswith("target local: PostgreSQL ")
    assert lines[1:5] == [
        "plan: apply 1 migration, 2 statements, in one transaction",
        "apply 001_one.sql",
        "  one transaction; max_stall 500ms, lock_wait 10min",
        "  1. line 2: create table t1",
    ]
    assert lines[6:8] == [
        "Applying 1 of 1: 001_one.sql",
        "  statement 1 of 2, line 2: create table t1",
    ]
    assert lines[8].startswith("  statement 2 of 2, line 3: do")
    assert lines[9:11] == ["  NOTICE: look here", "  HINT: or there"]
    assert lines[-2].startswith("✓ applied  001_one.sql  2 statements, ")
    assert lines[-1] == "Applied 1 migration."


@pytest.mark.parametrize("command", ["apply --all", "rollback", "apply --json"])
def test_nothing_changes_without_terminal_and_yes(project: Project, command: str) -> None:
    project.table(1)
    if command == "rollback":
        project.koonj("apply", "--yes")
    before = project.tables()
    answer = project.run(*command.split())
    assert answer.code == 2
    assert "--yes" in answer.err
    assert project.tables() == before


def test_protected_target_requires_confirm(project: Project) -> None:
    project.table(1)
    project.configure(protected="true")
    only_yes = project.koonj("apply", "--yes")
    assert only_yes.code == 2
    assert "--confirm local" in only_yes.err
    wrong = project.koonj("apply", "--confirm", "production")
    assert wrong.code == 2
    assert project.tables() == set()
    assert project.koonj("apply", "--confirm", "local").code == 0
    assert project.tables() == {"t1"}


def test_confirm_is_enough_for_an_unprotected_target(project: Project) -> None:
    project.table(1)
    assert project.koonj("apply", "--confirm", "local").code == 0
    assert project.tables() == {"t1"}


@pytest.mark.parametrize("word", ["--plan", "--dry-run"])
def test_plan_changes_nothing(project: Project, word: str) -> None:
    project.table(1)
    answer = project.koonj("apply", "--all", word)
    assert answer.code == 0
    assert "  1. line 2: create table t1" in answer.out
    assert project.tables() == set()


def test_long_plan_is_shortened_without_verbose(project: Project) -> None:
    project.write("001_long.sql", "BEGIN;\n" + "SELECT 1;\n" * 50 + "COMMIT;\n")
    assert "  and 30 more statements; to list all, add --verbose" in project.koonj("apply", "--plan").out
    assert project.koonj("apply", "--plan", "--verbose").out.count(" line ") == 50
    answer = project.koonj("apply", "--yes")
    assert "statement 50 of 50" not in answer.out


def test_failure_shows_location_error_and_next_steps(project: Project) -> None:
    project.table(1)
    name = "002_bad.sql"
    project.write(name, "BEGIN;\nCREATE TABLE t2 (id int);\n\tSELECT 'é', nothing FROM t2;\nCOMMIT;\n")
    project.table(3)
    answer = project.koonj("apply", "--all", "--yes")
    assert answer.code == 1
    assert project.tables() == {"t1"}
    lines = answer.err.splitlines()
    assert lines[0] == f"koonj: error: apply of {name} failed at statement 2 of 2"
    assert lines[1] == f'migrations/{name}:3:14: ERROR: column "nothing" does not exist (SQLSTATE 42703)'
    source, caret = lines[2], lines[3]
    assert source == "    " + " " * 8 + "SELECT 'é', nothing FROM t2;"
    assert source[caret.index("^") :].startswith("nothing")
    assert "Committed: no statement of this migration." in lines
    assert any(line.startswith("State: ") for line in lines)
    assert any(line.startswith("Next: ") for line in lines)
    assert "koonj: committed in this run: 001_make_t1.sql" in lines
    assert "koonj: not run: 003_make_t3.sql" in lines


def test_escape_sequences_in_messages_are_made_visible(project: Project) -> None:
    project.write(
        "001_raise.sql",
        """
        BEGIN;
        DO $$ BEGIN RAISE EXCEPTION E'a \\x1b[31mred\\nline' USING DETAIL = E'd1\\nd2', HINT = 'h'; END $$;
        COMMIT;
        """,
    )
    answer = project.koonj("apply", "--yes")
    assert answer.code == 1
    assert "\x1b" not in answer.err + answer.out
    assert "ERROR: a ␛[31mred (SQLSTATE P0001)\n    line\n" in answer.err
    assert "DETAIL: d1\n    d2\nHINT: h\nCONTEXT: PL/pgSQL function" in answer.err


def test_late_migration_blocks_apply_until_allowed_with_reason(project: Project) -> None:
    project.table(2)
    project.koonj("apply", "--yes")
    late = project.table(1)
    refused = project.koonj("apply", "--yes")
    assert refused.code == 4
    assert f"late: {late}" in refused.err
    assert project.koonj("apply", "--yes", "--allow", "late").code == 2
    assert project.koonj("apply", "--yes", "--allow", "late", "--reason", "of Monday").code == 0
    assert project.tables() == {"t1", "t2"}
    history = project.koonj("history", "1")
    assert "allow late" in history.out
    assert "    reason: of Monday" in history.out


def test_missing_rollback_blocks_rollback(project: Project) -> None:
    project.table(1, rollback=False)
    project.koonj("apply", "--yes")
    answer = project.koonj("rollback", "--yes")
    assert answer.code == 4
    assert "rollback missing: 001_make_t1.sql has no rollback." in answer.err
    assert project.tables() == {"t1"}


def test_edited_migration_blocks_apply(project: Project) -> None:
    name = project.table(1)
    project.koonj("apply", "--yes")
    project.write(name, "SELECT 1;")
    project.table(2)
    assert project.koonj("apply", "--yes").code == 4
    assert project.koonj("status").code == 4


def test_file_error_is_reported_with_its_location(project: Project) -> None:
    project.write("001_open.sql", "BEGIN;\nSELECT 'open;\n")
    answer = project.koonj("apply", "--yes")
    assert answer.code == 1
    assert "migrations/001_open.sql:2:8" in answer.err


def test_lock_of_another_run_exits_5(project: Project) -> None:
    project.table(1)
    with psycopg.connect(project.dsn, autocommit=True, application_name="other koonj") as other:
        other.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        answer = project.koonj("apply", "--yes", "--wait", "0")
        waited = project.koonj("apply", "--yes", "--wait", "0.3")
    assert answer.code == waited.code == 5
    assert "other koonj (pid " in answer.err
    assert "Waiting for the koonj lock, held by other koonj (pid " in waited.out
    assert project.tables() == set()


def test_retry_is_shown(project: Project) -> None:
    project.table(1)
    project.koonj("apply", "--yes")
    project.write(
        "002_alter.sql",
        """
        -- koonj: lock_timeout 10ms
        -- koonj: retries 1
        BEGIN;
        ALTER TABLE t1 ADD COLUMN x int;
        COMMIT;
        """,
    )
    with psycopg.connect(project.dsn) as other:
        other.execute("LOCK TABLE t1")
        answer = project.koonj("apply", "--yes")
    assert answer.code == 1
    assert (
        "  rolled back: canceling statement due to lock timeout (SQLSTATE 55P03)\n  retrying in "
        in answer.out
    )
    assert "(attempt 2 of 2)" in answer.out
    assert "(SQLSTATE 55P03)" in answer.err


def test_who_is_in_the_way_is_shown(project: Project) -> None:
    project.table(1)
    project.koonj("apply", "--yes")
    project.write("002_alter.sql", "-- koonj: lock_timeout 1s\nALTER TABLE t1 ADD COLUMN x int;\n")
    with psycopg.connect(project.dsn, application_name="report") as other:
        other.execute("SELECT FROM t1")
        answer = project.koonj("apply", "--yes")
        pid = other.info.backend_pid
    assert answer.code == 1
    assert re.search(r"^  waiting 0:00 of 0:01 for ACCESS EXCLUSIVE on public\.t1$", answer.out, re.M)
    blocked = (
        rf"^    blocked by pid {pid} report, idle in transaction \d s, holds ACCESS SHARE \(.*, local\)$"
    )
    assert re.search(blocked, answer.out, re.M)
    assert "\n      last: SELECT FROM t1\n" in answer.out
    assert "\nWaited for: ACCESS EXCLUSIVE on public.t1\n" in answer.err
    assert re.search(blocked, answer.err, re.M)
    history = project.koonj("history", "2").out
    assert f"blocked by pid {pid} report" in history


def test_unreachable_target_exits_1(files: Project) -> None:
    files.table(1)
    answer = files.koonj("apply", "--yes")
    assert answer.code == 1
    assert answer.err.startswith("koonj: error: apply failed\n")
    assert "local: " in answer.err


def test_reader_that_exits_does_not_stop_a_run(project: Project) -> None:
    for number in range(1, 30):
        project.table(number)
    script = f"{sys.executable} -m koonj apply --all --yes | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=project.root, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(project.tables()) == 29


def test_plan_skips_statements_of_an_earlier_run(project: Project) -> None:
    for done, line in (
        (1, "1 statement already committed by an earlier run; skipped."),
        (2, "2 statements already committed by an earlier run; skipped."),
    ):
        script = "VACUUM;\n" * done + "SELECT nothing;\n"
        project.write(f"00{done}_steps.sql", script)
        project.koonj("apply", "--yes")
        plan = project.koonj("apply", "--plan").out
        assert line in plan
        project.write(f"00{done}_steps.sql", script.replace("nothing", "1"))
        again = project.koonj("apply", "--yes", "--allow", "edited", "--reason", "x")
        assert again.code == 0, again.err


def test_allowed_state_is_shown_once(project: Project) -> None:
    gone = project.table(1)
    project.table(2)
    project.koonj("apply", "--yes")
    (project.migrations / gone).unlink()
    project.koonj("apply", "--yes", "--allow", "missing", "--reason", "gone")
    (line,) = [line for line in project.koonj("status").out.splitlines() if gone in line]
    assert line.endswith("  allowed: gone")
    assert line.count("allowed") == 1
