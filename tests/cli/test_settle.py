"""`koonj settle`, and how `koonj status` shows an interrupted migration."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from koonj.cli.diagnostics import ExitCode
from support.command import KOONJ, Project, Terminal
from support.own_process import Runs, wait_until
from support.sshd import USABLE, Sshd, clients

NONE = "-- Rollback: none: test\n"


@pytest.fixture
def half_built(project: Project) -> Project:
    """A migration that was interrupted at an index that another session has left INVALID."""
    project.sql("CREATE TABLE a (x int)")
    project.write(
        "017_index.sql", f"CREATE TABLE b ();\nCREATE INDEX CONCURRENTLY a_x ON a (x);\nVACUUM b;\n{NONE}"
    )
    assert project.koonj("apply", "--yes").code == ExitCode.OK
    project.sql("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'a_x'::regclass")
    _unfinish(project)
    there = "jsonb_set(before, '{indexes}', to_jsonb(ARRAY['a_x'::regclass::oid::int8]))"
    project.sql(f"UPDATE koonj.statement SET before = {there} WHERE index = 2")
    return project


def _unfinish(project: Project) -> None:
    """Let the history look as if statement 2 had been sent, and nothing after it."""
    project.sql("UPDATE koonj.history SET outcome = 'started', statements_done = 1, finished = NULL")
    project.sql("DELETE FROM koonj.statement WHERE index = 3; UPDATE koonj.statement SET state = 'sent'")


@pytest.fixture
def call(project: Project) -> Project:
    """A migration that was interrupted in a CALL that commits in parts."""
    project.sql("CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'")
    project.write("017_call.sql", f"VACUUM;\nCALL p();\nVACUUM;\n{NONE}")
    assert project.koonj("apply", "--yes").code == ExitCode.OK
    _unfinish(project)
    return project


def test_status_shows_what_is_known_and_the_commands(half_built: Project) -> None:
    result = half_built.koonj("status")
    assert result.code == ExitCode.DECISION
    assert result.out.splitlines()[2:] == [
        "! interrupted  017_index.sql  at statement 2 of 3: create index concurrently a_x on a",
        "    At least 1 of 3 statements are committed. Statement 2 was sent, its session has ended, and its end is "
        "not recorded. The index public.a_x is there and INVALID: the build stopped before its end.",
        "    To run DROP INDEX CONCURRENTLY public.a_x (then statement 2 can run again): koonj settle 17 "
        "--target local --repair",
    ]
    (migration,) = half_built.koonj("status", "--json").json["migrations"]
    known = migration["interruption"]
    assert (known["statement"], known["of"], known["at_least_done"], known["known_done"]) == (2, 3, 1, None)
    assert known["evidence"]["repair"] == ["DROP INDEX CONCURRENTLY public.a_x"]


def test_interrupted_migration_can_only_be_settled(half_built: Project) -> None:
    refused = half_built.koonj("apply", "--yes")
    assert refused.code == ExitCode.DECISION
    assert "koonj settle 17 --target local" in refused.err
    result = half_built.koonj("apply", "--yes", "--allow", "interrupted", "--reason", "x")
    assert result.code == ExitCode.USAGE
    assert "'interrupted' cannot be allowed" in result.err


def test_settle_shows_the_same_and_repairs(half_built: Project) -> None:
    shown = half_built.koonj("settle", "17")
    assert shown.code == ExitCode.DECISION
    assert shown.out.splitlines() == half_built.koonj("status").out.splitlines()[2:]
    assert half_built.koonj("settle", "17", "--json").json["interruption"]["statement"] == 2
    repaired = half_built.koonj("settle", "17", "--repair")
    assert (repaired.code, repaired.out.splitlines()) == (
        ExitCode.OK,
        [
            "Repairing 017_index.sql: DROP INDEX CONCURRENTLY public.a_x",
            "✓ recorded  017_index.sql: 1 of 3 statements are done. Reason: repaired with DROP INDEX CONCURRENTLY "
            "public.a_x",
            "Recorded. The next apply continues with statement 2.",
            "To continue, run: koonj apply --target local",
        ],
    )
    assert half_built.koonj("status").code == ExitCode.PENDING
    assert half_built.koonj("apply", "--yes").code == ExitCode.OK
    assert half_built.koonj("settle", "17").out == "017_index.sql is applied: there is nothing to settle.\n"


def test_apply_says_what_it_records_by_itself(half_built: Project) -> None:
    half_built.sql("UPDATE pg_index SET indisvalid = true WHERE indexrelid = 'a_x'::regclass")
    assert half_built.koonj("status").code == ExitCode.PENDING
    result = half_built.koonj("apply", "--yes")
    assert result.code == ExitCode.OK
    assert (
        "note: 017_index.sql: At least 1 of 3 statements are committed. Statement 2 was sent, its session has "
        "ended, and its end is not recorded. The index public.a_x is there and valid. koonj records that "
        "statement 2 is done, and continues with statement 3."
    ) in result.out
    assert "recorded  017_index.sql: 2 of 3 statements are done." in result.out


def test_settle_records_the_decision_and_its_reason(call: Project) -> None:
    assert call.koonj("settle", "17", "--done", "2").code == ExitCode.ERROR
    result = call.koonj("settle", "17", "--done", "2", "--reason", "all rows are there", "--json")
    assert result.code == ExitCode.OK
    assert result.json["settled"]["done"] == 2
    assert "all rows are there" in call.koonj("history", "17").out


@pytest.mark.skipif(not USABLE, reason="no sshd on this machine")
def test_settle_logs_in_to_a_bastion_once(
    call: Project, runs: Runs, terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    count = tmp_path / "logins"
    with Sshd() as sshd:
        config = sshd.client_config(f'Match exec "echo >> {count}"\nHost *\n')
        call.configure(ssh=f'{{ host = "bastion", options = ["-F", "{config}"] }}')
        assert terminal("settle", "17", "--again", "2").close() == 0
        assert count.read_text() == "\n"
        wait_until(lambda: not clients(config))
        _unfinish(call)
        assert call.koonj("settle", "17", "--again", "2").code == ExitCode.OK
        assert count.read_text() == "\n\n"
        assert call.koonj("settle", "17", "--done", "9").code == ExitCode.ERROR
        wait_until(lambda: not clients(config))


def test_settle_of_a_protected_target_requires_its_name(call: Project) -> None:
    call.configure(protected="true")
    result = call.koonj("settle", "17", "--again", "2")
    assert result.code == ExitCode.USAGE
    assert "--confirm local" in result.err
    assert call.koonj("settle", "17", "--again", "2", "--confirm", "other").code == ExitCode.USAGE
    assert call.koonj("settle", "17", "--again", "2", "--confirm", "local").code == ExitCode.OK


def test_settle_of_an_unknown_number_is_a_usage_error(project: Project) -> None:
    project.write("001_a.sql", NONE)
    project.write("001_b.sql", NONE)
    assert project.koonj("settle", "9").code == ExitCode.USAGE
    twice = project.koonj("settle", "1")
    assert twice.code == ExitCode.USAGE
    assert "Use the file name" in twice.err
    assert project.koonj("settle", "001_a.sql").code == ExitCode.OK


@contextmanager
def reading(project: Project) -> Iterator[None]:
    """Keep a transaction open that has read the table: the repair must wait for it."""
    with psycopg.connect(project.dsn) as reader:
        reader.execute("SELECT FROM a")
        yield


def _repair_waits(project: Project) -> bool:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DROP INDEX%' AND wait_event_type = 'Lock' AND datname = current_database()"
    return bool(project.sql(waiting))


def test_repair_survives_its_terminal_and_is_followed(
    half_built: Project, terminal: Callable[..., Terminal], runs: Runs
) -> None:
    with reading(half_built):
        user = terminal("settle", "17", "--repair")
        user.expect("continues in its own process")
        wait_until(lambda: _repair_waits(half_built))
        user.hang_up()
        assert user.process.wait(30) == 8
        run = runs.listed()[0]
        assert (run["running"], run["settles"], run["direction"]) == (True, "017_index.sql", "apply")
        line, at, *_ = half_built.koonj("runs").out.splitlines()
        assert line.endswith("  in progress  settle 017_index.sql on local")
        assert at.startswith(f"    process {run['pid']} on ")
        assert f"koonj attach {run['run_id'][:8]}" in half_built.koonj("status").out
        again = terminal("attach")
        again.expect("Repairing 017_index.sql: DROP INDEX CONCURRENTLY public.a_x")
        again.expect("waiting 0:00 for ")
        again.expect(r"blocked by pid \d+, idle in transaction")
        assert _repair_waits(half_built)
    assert again.close() == 0
    assert "recorded  017_index.sql: 1 of 3 statements are done." in again.text
    assert again.text.endswith("Recorded. The next apply continues with statement 2.\n")
    assert half_built.koonj("apply", "--yes").code == ExitCode.OK


def test_decision_without_a_terminal_stays_in_the_process_and_has_a_journal(
    half_built: Project, runs: Runs
) -> None:
    with reading(half_built):
        command = subprocess.Popen((*KOONJ, "settle", "17", "--repair"), cwd=half_built.root)
        wait_until(lambda: _repair_waits(half_built))
        run = runs.listed()[0]
        assert (run["pid"], run["running"], run["settles"]) == (command.pid, True, "017_index.sql")
        command.send_signal(signal.SIGTERM)
        assert command.wait(30) == ExitCode.CANCELLED
    assert runs.listed()[0]["result"] == "cancelled"
    assert half_built.koonj("status").code == ExitCode.DECISION
