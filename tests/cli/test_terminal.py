"""koonj apply in a terminal: questions, Ctrl-C, a terminal that hangs up."""

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

QUESTION = r"Apply 1 migration on local\? Type yes to go on: $"


@pytest.mark.parametrize("word", ["yes", "y", " YES "])
def test_yes_goes_on(project: Project, terminal: Start, word: str) -> None:
    project.table(1)
    person = terminal("apply")
    seen = person.expect(QUESTION)
    assert "1. line 2: create table t1" in seen
    person.type(f"{word}\n")
    assert person.close() == 0
    assert project.tables() == {"t1"}


@pytest.mark.parametrize("word", ["", "n", "no", "yess", "local"])
def test_all_else_is_a_no(project: Project, terminal: Start, word: str) -> None:
    project.table(1)
    person = terminal("apply")
    person.expect(QUESTION)
    person.type(f"{word}\n")
    assert person.close() == 1
    assert person.text.endswith("koonj: Nothing was changed.\n")
    assert project.tables() == set()


def test_the_end_of_input_is_a_no(project: Project, terminal: Start) -> None:
    project.table(1)
    person = terminal("apply")
    person.expect(QUESTION)
    person.type("\x04")
    assert person.close() == 1
    assert project.tables() == set()


def test_what_is_typed_before_the_question_is_no_answer(project: Project, terminal: Start) -> None:
    project.table(1)
    person = terminal("apply")
    person.type("yes\n")
    person.expect(QUESTION)
    assert person.process.poll() is None
    person.type("\n")
    assert person.close() == 1
    assert project.tables() == set()


def test_a_protected_target_wants_its_name_typed(project: Project, terminal: Start) -> None:
    project.table(1)
    project.configure(protected="true")
    for word, code in (("yes", 1), ("local", 0)):
        person = terminal("apply", "--yes")
        person.expect(r"type its name, local\. $")
        assert project.tables() == set()
        person.type(f"{word}\n")
        assert person.close() == code
    assert project.tables() == {"t1"}


def test_json_asks_nothing(project: Project, terminal: Start) -> None:
    project.table(1)
    person = terminal("apply", "--json")
    assert person.close() == 2
    assert project.tables() == set()


def test_a_plan_that_went_into_a_file_is_shown_before_the_question(project: Project, terminal: Start) -> None:
    project.table(1)
    with (project.root / "log").open("w") as log:
        person = terminal("apply", stdout=log)
        assert "1. line 2: create table t1" in person.expect(QUESTION)
        person.type("yes\n")
        assert person.close() == 0
    assert "✓ applied" in (project.root / "log").read_text(encoding="utf-8")


def test_ctrl_c_at_the_question(project: Project, terminal: Start) -> None:
    project.table(1)
    person = terminal("apply")
    person.expect(QUESTION)
    person.type("\x03")
    assert person.close() == 6
    assert "koonj: cancelling at the question: nothing was running, and nothing was changed." in person.text
    assert "is asked to stop" not in person.text
    assert "koonj: Cancelled. No statement was running." in person.text
    assert "Traceback" not in person.text
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
    person = terminal("apply", "--all", "--yes")
    person.expect("statement 2 of 2")
    _wait_until_busy(project)
    person.type("\x03")
    assert person.close() == 6
    assert "koonj: cancelling: " in person.text
    assert "001_sleep.sql:3:1: ERROR: canceling statement due to user request (SQLSTATE 57014)" in person.text
    assert "Committed: nothing of this migration." in person.text
    assert "State: " in person.text
    assert "koonj: not tried: 002_make_t2.sql" in person.text
    assert "Traceback" not in person.text
    assert project.tables() == set()
    assert _busy(project) == 0
    assert project.koonj("status").code in {3, 4}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_cancel_too(project: Project, number: signal.Signals) -> None:
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


def test_nohup_is_heeded(project: Project) -> None:
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


def test_a_terminal_that_hangs_up_cancels(project: Project, terminal: Start) -> None:
    _sleeping(project)
    person = terminal("apply", "--all", "--yes")
    _wait_until_busy(project)
    os.close(person._master)
    assert person.process.wait(30) == 6
    person._master = os.open(os.devnull, os.O_RDONLY)
    assert _busy(project) == 0
    assert project.tables() == set()


def test_a_second_ctrl_c_leaves_at_once(project: Project, terminal: Start) -> None:
    # The server stops answering: the process of the run's session is stopped, so that no cancel reaches it.
    _sleeping(project)
    person = terminal("apply", "--yes")
    _wait_until_busy(project)
    (pid,) = project.sql(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query LIKE '%pg_sleep(60)%' "
        "AND pid <> pg_backend_pid()"
    )[0]
    os.kill(pid, signal.SIGSTOP)
    try:
        person.type("\x03")
        person.expect("koonj: cancelling: ")
        time.sleep(0.5)
        assert person.process.poll() is None
        person.type("\x03")
        assert person.close() == 6
        assert "koonj: leaving now, without waiting for the server" in person.text
    finally:
        os.kill(pid, signal.SIGCONT)


def test_ctrl_c_in_a_status(project: Project, terminal: Start) -> None:
    # A port that accepts connections and says nothing.
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        person = terminal("status", "--dsn", f"host=127.0.0.1 port={port} dbname=x user=u sslmode=disable")
        connection, _ = silent.accept()
        with connection:
            connection.recv(8)
            person.type("\x03")
            assert person.close() == 6
    assert "koonj: interrupted." in person.text
    assert "Traceback" not in person.text


def test_without_a_command_the_screen_opens(project: Project, terminal: Start) -> None:
    project.table(1)
    person = terminal(environ={"TERM": "xterm-256color"})
    person.expect("001_make_t1|make_t1|make t1")
    person.type("q")
    assert person.close() == 0
