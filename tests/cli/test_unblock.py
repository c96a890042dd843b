"""`koonj unblock`: who is in the way of a run, and how one blocking session is ended; a run that was stopped."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from koonj.cli.diagnostics import ExitCode
from koonj.config import Target
from koonj.postgres.advisory_lock import KEY, LockHolder
from koonj.postgres.blocking_sessions import Ending
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.run_name import RunName
from koonj.postgres.server_process import ServerProcess
from koonj.runner.process.blocked_run import blocked_run
from koonj.runner.process.control_fifo import ask_to_unblock
from koonj.runner.process.followed_run import FollowedRun
from koonj.runner.process.holder_process import holder_state, is_stopped
from koonj.runner.process.journal_head import encode
from koonj.runner.process.journal_reader import KnownRun, known_runs
from koonj.runner.run.holder_state import WORKS, HolderState
from koonj.runner.run.unblock_request import UnblockRequest
from koonj.runner.run.unblock_wording import silence_lines
from koonj.runner.target import obstruction
from support.command import CommandResult, Project, Terminal
from support.own_process import Runs, wait_until

Start = Callable[..., Terminal]


@pytest.fixture
def holder(project: Project) -> Iterator[psycopg.Connection]:
    """A session with the name of a run, which holds the koonj lock and does nothing."""
    name = "koonj 3f2a91c4 12/40 dev1@bastion1"
    with closing(psycopg.connect(project.dsn, application_name=name, autocommit=True)) as conn:
        assert conn.execute("SELECT pg_try_advisory_lock(%s)", (KEY,)).fetchone() == (True,)
        yield conn


def _words(result: CommandResult) -> str:
    return re.sub(r"\d+ s\b", "N s", result.out)


def test_nobody_is_in_the_way(project: Project) -> None:
    result = project.koonj("unblock")
    assert result.code == ExitCode.OK
    assert result.out == "No run is in progress on local: nobody holds the koonj lock.\n"
    report = project.koonj("unblock", "--json").json
    assert (report["holder"], report["sessions"], report["done"]) == (None, [], None)


def test_the_holder_is_shown_with_what_can_be_done(project: Project, holder: psycopg.Connection) -> None:
    pid = holder.info.backend_pid
    result = project.koonj("unblock")
    assert result.code == ExitCode.OK
    assert _words(result).splitlines() == [
        "The koonj lock is held by dev1@bastion1 (run 3f2a91c4, migration 12 of 40; "
        f"pid {pid}, user {holder.info.user}, local)",
        "  No session is known to be in its way.",
        f"  To end the session {pid}: koonj unblock {pid} --target local --end --reason '…'",
        "    That run fails. What it has not committed is rolled back; the history shows the rest.",
    ]


def test_blocking_sessions_are_shown_as_a_tree(project: Project, holder: psycopg.Connection) -> None:
    project.sql("CREATE TABLE t (); CREATE TABLE u ()")
    with closing(psycopg.connect(project.dsn, application_name="report")) as reader:
        reader.execute("SELECT FROM t")
        holder.execute("SET lock_timeout TO '30s'")
        waiting = holder.pgconn
        waiting.send_query(b"ALTER TABLE t ADD a int")
        wait_until(lambda: project.sql("SELECT FROM pg_locks WHERE NOT granted"))
        pid = reader.info.backend_pid
        lines = _words(project.koonj("unblock")).splitlines()
        assert lines[1].startswith(
            f"  blocked by pid {pid} report, idle in transaction N s, holds ACCESS SHARE ("
        )
        assert lines[2:4] == [
            "    last: SELECT FROM t",
            f"    To end the session {pid}: koonj unblock {pid} --target local --end --reason '…'",
        ]
        report = project.koonj("unblock", "--json").json
        own, other = report["sessions"]
        assert (own["blocker"]["pid"], own["blocker"]["kind"], own["offers"]) == (
            holder.info.backend_pid,
            "koonj",
            ["cancel", "end"],
        )
        assert (other["blocker"]["pid"], other["offers"], other["why_not"]) == (pid, ["end"], None)
        assert report["waiting"] == {"name": "", "relation": "public.t"}
        refused = project.koonj("unblock", str(pid), "--cancel", "--reason", "x")
        assert refused.code == ExitCode.ERROR
        assert "koonj can only do this with it now: --end." in refused.err
        done = project.koonj("unblock", str(pid), "--end", "--reason", "the report can wait")
        assert (done.code, done.err) == (ExitCode.OK, "")
        assert f" ended pid {pid} report, idle in transaction " in done.out
        assert done.out.endswith(". Reason: the report can wait\n")
        assert not project.sql(f"SELECT FROM pg_stat_activity WHERE pid = {pid}")
    history = project.koonj("history").out
    assert re.search(rf"unblock .*\n    reason: ended pid {pid} report, .*: the report can wait\n", history)
    (entry,) = project.koonj("history", "--json").json["entries"]
    assert (entry["action"], entry["allowed"], entry["name"]) == ("allow", "unblock", "")
    assert project.koonj("status").code == ExitCode.OK


def test_a_session_that_is_not_in_the_way_is_never_ended(
    project: Project, holder: psycopg.Connection
) -> None:
    with closing(psycopg.connect(project.dsn)) as other:
        pid = other.info.backend_pid
        result = project.koonj("unblock", str(pid), "--end", "--reason", "x")
        assert result.code == ExitCode.ERROR
        assert f"The session with pid {pid} is not in the way of koonj now. Nothing was done." in result.err
        assert other.execute("SELECT 1").fetchone() == (1,)


def test_a_protected_target_requires_its_name(project: Project, holder: psycopg.Connection) -> None:
    project.configure(protected="true")
    words = ("unblock", str(holder.info.backend_pid), "--end", "--reason", "x")
    line = f"koonj unblock {holder.info.backend_pid} --target local --end --confirm local --reason '…'"
    assert line in project.koonj("unblock").out
    refused = project.koonj(*words)
    assert (refused.code, project.koonj(*words, "--confirm", "other").code) == (
        ExitCode.USAGE,
        ExitCode.USAGE,
    )
    assert "To confirm, add --confirm local" in refused.err
    assert holder.execute("SELECT 1").fetchone() == (1,)
    assert project.koonj(*words, "--confirm", "local").code == ExitCode.OK
    with pytest.raises(psycopg.OperationalError):
        holder.execute("SELECT 1")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--end --reason x", "--end requires the PID of a session."),
        ("77", "PID requires --cancel or --end."),
        ("77 --cancel", "--cancel requires --reason TEXT."),
        ("77 --end --reason", "expected one argument"),
        ("--reason x", "--reason requires --cancel or --end."),
        ("77 --end --cancel --reason x", "not allowed with argument"),
    ],
)
def test_options_that_cannot_be_combined(project: Project, words: str, message: str) -> None:
    result = project.koonj("unblock", *words.split())
    assert result.code == ExitCode.USAGE
    assert message in result.err


def test_a_reason_of_blanks_is_none(project: Project) -> None:
    assert project.koonj("unblock", "77", "--end", "--reason", " ").code == ExitCode.USAGE


# A run in another process


@pytest.fixture
def reader(project: Project) -> Iterator[psycopg.Connection]:
    """A transaction that has read table t, which the only migration changes."""
    project.write("001_change.sql", "-- koonj: lock_timeout 60s\nALTER TABLE t ADD t1 int;\n")
    with closing(psycopg.connect(project.dsn, application_name="report", autocommit=True)) as conn:
        conn.execute("CREATE TABLE t (a int)")
        conn.execute("BEGIN")
        conn.execute("SELECT a FROM t")
        yield conn


def _blocked(project: Project, runs: Runs) -> KnownRun:
    """Start a run in another process, and return it when its journal says that it is blocked."""
    assert project.run("apply", "--yes", "--detach").code == 0
    (run,) = wait_until(known_runs)
    wait_until(lambda: b'"blocked"' in run.files.journal.read_bytes())
    return run  # type: ignore[no-any-return]


def test_a_run_that_does_not_queue_tells_in_its_journal_who_is_in_the_way(
    project: Project, runs: Runs, reader: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nobody(_: object, __: int) -> None:
        """Return what the server knows of a run that tries without queueing."""

    monkeypatch.setattr(obstruction, "lock_wait", nobody)
    _blocked(project, runs)
    pid = reader.info.backend_pid
    report = project.koonj("unblock", "--json").json
    assert report["waiting"] == {"name": "001_change.sql", "relation": "public.t"}
    assert [one["blocker"]["pid"] for one in report["sessions"][1:]] == [pid]
    assert project.koonj("unblock", str(pid), "--end", "--reason", "x").code == ExitCode.OK
    assert runs.wait_for_end()["result"] == "done"
    assert project.sql("SELECT name FROM koonj.history WHERE action = 'allow'") == [("001_change.sql",)]
    assert project.koonj("unblock").out.startswith("No run is in progress on local")


def test_a_run_that_is_no_longer_blocked_says_so_in_its_journal(
    project: Project, runs: Runs, reader: psycopg.Connection
) -> None:
    project.write(
        "001_change.sql", "-- koonj: lock_timeout 60s\nALTER TABLE t ADD b int;\nSELECT pg_sleep(60);\n"
    )
    run = _blocked(project, runs)
    name = RunName(run.id[:8], 1, 1, "dev1@bastion1")
    told = blocked_run(name)
    assert told is not None
    assert [b.pid for b in told.lock.blockers] == [reader.info.backend_pid]
    reader.execute("ROLLBACK")
    wait_until(lambda: blocked_run(name) is None)
    assert runs.only()["running"]


def test_whoever_follows_a_run_asks_it_to_end_a_session(
    project: Project, runs: Runs, reader: psycopg.Connection
) -> None:
    run = _blocked(project, runs)
    pid = reader.info.backend_pid
    ((started,),) = project.sql(
        f"SELECT (extract(epoch FROM backend_start) * 1000000)::int8 FROM pg_stat_activity WHERE pid = {pid}"
    )
    who, why = "dev2@bastion1 pts/4", "höher ✓"
    request = UnblockRequest(ServerProcess(pid, started), Ending.END, why, who, f"pid {pid} report")
    asyncio.run(FollowedRun(run.files, run.head).unblock(request))
    assert runs.wait_for_end()["result"] == "done"
    text = project.koonj("attach").out
    assert f"  {who} ended pid {pid} report. Reason: {why}\n" in text
    (event,) = (e for e in project.koonj("attach", "--json").events if e["event"] == "blocker_ended")
    assert (event["pid"], event["how"], event["who"], event["took_effect"]) == (pid, "end", who, True)
    assert project.sql("SELECT run_id::text FROM koonj.history") == [(run.id,)] * 2


def test_a_message_that_is_no_request_is_ignored(
    project: Project, runs: Runs, reader: psycopg.Connection
) -> None:
    run = _blocked(project, runs)
    for line in (b'{"do": "unblock"}', b'{"do": "unblock", "request": {"process": 1}}', b"[]"):
        with run.files.control.open("wb", buffering=0) as fifo:
            fifo.write(line + b"\n")
    reader.execute("ROLLBACK")
    assert runs.wait_for_end()["result"] == "done"
    wait_until(lambda: set(runs.files()) == {".jsonl"})  # nothing was printed about a defect


def test_a_request_that_is_too_long_is_refused(tmp_path: Path) -> None:
    request = UnblockRequest(ServerProcess(1, 1), Ending.END, "x" * 5000, "dev1", "pid 1")
    with pytest.raises(OSError, match="too long"):
        ask_to_unblock(tmp_path / "fifo", request)


# A run that was stopped


@contextmanager
def _stopped(runs: Runs) -> Iterator[int]:
    """Stop the process of a run that waits at the gate with one migration more; yield its pid."""
    runs.write_gate()
    runs.project.table(2)
    assert runs.project.run("apply", "--all", "--yes", "--detach").code == 0
    runs.wait_until_at_work()
    pid = int(runs.only()["pid"])
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_stopped_run_is_named_and_ended_and_the_next_one_goes_on(
    project: Project, terminal: Start, runs: Runs
) -> None:
    with _stopped(runs) as koonj:
        second = terminal("apply", "--all", "--yes", "--foreground", "--wait", "60")
        second.expect(f"its process {koonj} on this machine is stopped by a signal; ")
        second.expect(f"to continue it, run: kill -CONT {koonj}")
        [(pid,)] = project.sql(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 LIMIT 1"
        )
        second.expect(f"To end its session, run: koonj unblock {pid} --target local --end --reason '…'")
        hurried = project.run("apply", "--all", "--yes", "--wait", "0")
        assert hurried.code == ExitCode.LOCKED
        assert (
            f" It does nothing: its process {koonj} on this machine is stopped by a signal; " in hurried.err
        )
        assert f"koonj unblock {pid} --target local --end --reason '…'" in hurried.err
        status = project.koonj("status")
        assert (
            f"\n    its process {koonj} on this machine is stopped by a signal; "
            f"to continue it, run: kill -CONT {koonj}\n"
            f"    To end its session, run: koonj unblock {pid} --target local --end --reason '…'\n"
        ) in re.sub(r"silent for [^,]*, ", "", status.out)
        running = project.koonj("status", "--json").json["running"]
        assert (running["stopped"], running["ended"], len(running["silence"])) == (koonj, None, 2)
        report = project.koonj("unblock", "--json").json
        assert (report["stopped"], report["holder"]["pid"]) == (koonj, pid)
        done = project.koonj("unblock", str(pid), "--end", "--reason", "stopped since noon")
        assert done.code == ExitCode.OK
        runs.open_gate()
        assert second.close() == 0
        assert "Applied 2 migrations." in second.text
    assert project.tables() == {"t1", "t2"}
    names = project.sql("SELECT action, name FROM koonj.history ORDER BY id")
    assert names == [("allow", ""), ("apply", "001_gate.sql"), ("apply", "002_make_t2.sql")]


def test_the_server_ends_the_session_of_a_stopped_run(
    project: Project, terminal: Start, runs: Runs, server: TemporaryServer
) -> None:
    if server.binaries.major < 14:
        pytest.skip("PostgreSQL 13 has no idle_session_timeout")
    [(name,)] = project.sql("SELECT current_database()")
    project.sql(f"ALTER DATABASE {name} SET idle_session_timeout TO '1s'")  # instead of five minutes
    with _stopped(runs) as koonj:
        second = terminal("apply", "--all", "--yes", "--foreground", "--wait", "60")
        second.expect(f"kill -CONT {koonj}")
        runs.open_gate()
        assert second.close() == 0
    assert project.tables() == {"t1", "t2"}
    assert project.sql("SELECT count(DISTINCT id) FROM koonj.history") == [(2,)]


def test_only_a_run_that_is_in_progress_can_be_stopped(
    project: Project, runs: Runs, reader: psycopg.Connection
) -> None:
    run = _blocked(project, runs)
    name = RunName(run.id[:8], 1, 1, "dev1@bastion1")
    assert holder_state(name) == WORKS
    os.kill(run.head.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: holder_state(name).stopped == run.head.pid)
        assert holder_state(RunName("0" * 8, 1, 1, "dev1@bastion1")) == WORKS
    finally:
        os.kill(run.head.pid, signal.SIGCONT)
    reader.execute("ROLLBACK")
    runs.wait_for_end()
    with subprocess.Popen(["sleep", "60"]) as other:
        os.kill(other.pid, signal.SIGSTOP)
        try:
            wait_until(lambda: is_stopped(other.pid))
            # Its result is lost, and its pid is that of another process now.
            head = replace(run.head, pid=other.pid)
            with run.files.journal.open("r+b") as journal:
                journal.write(encode(head))
            assert holder_state(name) == HolderState(ended=other.pid)
        finally:
            other.kill()


def test_a_process_that_has_ended_is_named() -> None:
    holder = LockHolder(16840, "koonj", "local", "app", None, silent_seconds=61)
    target = Target("production", "", protected=True, declared=True)
    assert list(silence_lines(holder, HolderState(ended=20114), target, recorded=True)) == [
        "silent for 1 min 1 s, its process 20114 on this machine has ended, but its session on the server has not",
        "To end its session, run: koonj unblock 16840 --target production --end --confirm production --reason '…'",
    ]
    assert not list(silence_lines(replace(holder, silent_seconds=9), WORKS, target, recorded=True))


def test_a_stopped_run_that_is_continued_goes_on(project: Project, terminal: Start, runs: Runs) -> None:
    runs.write_gate()
    first = project.run("apply", "--all", "--yes", "--detach")
    assert first.code == 0
    runs.wait_until_at_work()
    koonj = runs.only()["pid"]
    os.kill(koonj, signal.SIGSTOP)
    second = terminal("apply", "--all", "--yes", "--foreground", "--wait", "60")
    second.expect(f"kill -CONT {koonj}")
    os.kill(koonj, signal.SIGCONT)
    runs.open_gate()
    assert second.close() == 0
    assert runs.listed()[0]["result"] in {"done", "nothing"}
    assert project.tables() == {"t1"}
