"""koonj in a terminal: prompts, signals, and a terminal that is closed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from support.command import Project, Terminal

Start = Callable[..., Terminal]

QUESTION = r"Apply 1 migration on local\? Type yes to continue: $"


@pytest.mark.parametrize("word", ["yes", "y", " YES "])
def test_yes_applies(project: Project, terminal: Start, word: str) -> None:
    project.table(1)
    user = terminal("apply")
    seen = user.expect(QUESTION)
    assert "1. line 2: create table t1" in seen
    user.type(f"{word}\n")
    assert user.close() == 0
    assert project.tables() == {"t1"}


@pytest.mark.parametrize("word", ["", "n", "no", "yess", "local"])
def test_any_other_answer_is_a_no(project: Project, terminal: Start, word: str) -> None:
    project.table(1)
    user = terminal("apply")
    user.expect(QUESTION)
    user.type(f"{word}\n")
    assert user.close() == 1
    assert user.text.endswith("koonj: Nothing was changed.\n")
    assert project.tables() == set()


def test_end_of_input_is_a_no(project: Project, terminal: Start) -> None:
    project.table(1)
    user = terminal("apply")
    user.expect(QUESTION)
    user.type("\x04")
    assert user.close() == 1
    assert project.tables() == set()


def test_text_typed_before_the_prompt_is_ignored(project: Project, terminal: Start) -> None:
    project.table(1)
    user = terminal("apply")
    user.type("yes\n")
    user.expect(QUESTION)
    assert user.process.poll() is None
    user.type("\n")
    assert user.close() == 1
    assert project.tables() == set()


def test_protected_target_requires_its_typed_name(project: Project, terminal: Start) -> None:
    project.table(1)
    project.configure(protected="true")
    for word, code in (("yes", 1), ("local", 0)):
        user = terminal("apply", "--yes")
        user.expect(r"The target is protected\. Type its name \(local\) to confirm\. $")
        assert project.tables() == set()
        user.type(f"{word}\n")
        assert user.close() == code
    assert project.tables() == {"t1"}


def test_json_never_prompts(project: Project, terminal: Start) -> None:
    project.table(1)
    user = terminal("apply", "--json")
    assert user.close() == 2
    assert project.tables() == set()


def test_plan_is_shown_before_the_prompt_when_stdout_is_a_file(project: Project, terminal: Start) -> None:
    project.table(1)
    with (project.root / "log").open("w") as log:
        user = terminal("apply", stdout=log)
        assert "1. line 2: create table t1" in user.expect(QUESTION)
        user.type("yes\n")
        assert user.close() == 0
    assert "✓ applied" in (project.root / "log").read_text(encoding="utf-8")


def test_ctrl_c_at_the_prompt_changes_nothing(project: Project, terminal: Start) -> None:
    project.table(1)
    user = terminal("apply")
    user.expect(QUESTION)
    user.type("\x03")
    assert user.close() == 6
    assert "koonj: cancelled at the prompt. Nothing was changed." in user.text
    assert "cancelling the running statement" not in user.text
    assert "koonj: Cancelled. No statement was running." in user.text
    assert "Traceback" not in user.text
    assert project.tables() == set()


def _sleeping(project: Project) -> None:
    project.write("001_sleep.sql", "BEGIN;\nCREATE TABLE t1 (id int);\nSELECT pg_sleep(60);\nCOMMIT;\n")
    project.table(2)


def _busy(project: Project) -> int:
    rows = project.sql(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
        "AND query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()"
    )
    return int(rows[0][0])


def _wait_until_busy(project: Project) -> None:
    end = time.monotonic() + 60
    while not _busy(project):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_ctrl_c_cancels_the_statement_on_the_server(project: Project, terminal: Start) -> None:
    _sleeping(project)
    user = terminal("apply", "--all", "--yes", "--foreground")
    user.expect("statement 2 of 2")
    _wait_until_busy(project)
    user.type("\x03")
    assert user.close() == 6  # the statement sleeps for longer than `close` waits
    assert "koonj: cancelling the running statement on the server" in user.text
    assert "001_sleep.sql:3: ERROR: canceling statement due to user request (SQLSTATE 57014)" in user.text
    assert "Committed: no statement of this migration." in user.text
    assert "State: " in user.text
    assert "koonj: not run: 002_make_t2.sql" in user.text
    assert "Traceback" not in user.text
    assert project.tables() == set()
    assert _busy(project) == 0
    assert project.koonj("status").code in {3, 4}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_sigterm_and_sighup_cancel(project: Project, number: signal.Signals) -> None:
    _sleeping(project)
    argv = [sys.executable, "-m", "koonj", "apply", "--yes", "--json"]
    with subprocess.Popen(
        argv, cwd=project.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        _wait_until_busy(project)
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 6
    assert b'"result": "cancelled"' in out.splitlines()[-1]
    assert _busy(project) == 0


def test_nohup_ignores_sighup(project: Project) -> None:
    project.write("001_sleep.sql", "SELECT pg_sleep(1.5);\n")
    argv = ["nohup", sys.executable, "-m", "koonj", "apply", "--yes", "--json"]
    with subprocess.Popen(
        argv, cwd=project.root, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if b"statement_started" in line:
                break
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_closed_terminal_cancels(project: Project, terminal: Start) -> None:
    _sleeping(project)
    user = terminal("apply", "--all", "--yes", "--foreground")
    _wait_until_busy(project)
    user.hang_up()
    assert user.process.wait(30) == 6
    assert _busy(project) == 0
    assert project.tables() == set()


def test_second_ctrl_c_exits_immediately(project: Project, terminal: Start) -> None:
    # SIGSTOP suspends the server process of the run's session, so it does not react to the cancel request.
    _sleeping(project)
    user = terminal("apply", "--yes", "--foreground")
    _wait_until_busy(project)
    (pid,) = project.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' "
        "AND pid <> pg_backend_pid()"
    )[0]
    os.kill(pid, signal.SIGSTOP)
    try:
        user.type("\x03")
        user.expect("koonj: cancelling the running statement on the server")
        time.sleep(0.5)
        assert user.process.poll() is None
        user.type("\x03")
        assert user.close() == 6
        assert "koonj: exiting without waiting for the server" in user.text
    finally:
        os.kill(pid, signal.SIGCONT)


def test_ctrl_c_cancels_status(project: Project, terminal: Start) -> None:
    # A port that accepts connections and sends nothing.
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        user = terminal("status", "--dsn", f"host=127.0.0.1 port={port} dbname=x user=u sslmode=disable")
        connection, _ = silent.accept()
        with connection:
            connection.recv(8)
            user.type("\x03")
            assert user.close() == 6
    assert "koonj: cancelled." in user.text
    assert "Traceback" not in user.text


def test_screen_opens_without_a_command(project: Project, terminal: Start) -> None:
    project.table(1)
    user = terminal(environ={"TERM": "xterm-256color"})
    user.expect("001_make_t1|make_t1|make t1")
    user.type("q")
    assert user.close() == 0
