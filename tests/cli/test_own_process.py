"""A run in a process of its own: what ends it, what does not, and how to come back to it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import KOONJ, CommandResult, Project, Terminal
from support.own_process import Runs, wait_until

Start = Callable[..., Terminal]


def test_a_run_on_a_terminal_moves_and_is_followed(project: Project, terminal: Start, runs: Runs) -> None:
    project.table(1)
    project.table(2)
    user = terminal("apply", "--all", "--yes")
    assert user.close() == 0
    (run,) = runs.listed()
    short = run["run_id"][:8]
    assert f"Run {short} continues in its own process. To come back to it: koonj attach {short}" in user.text
    assert "✓ applied  001_make_t1.sql  1 statement, " in user.text
    assert user.text.endswith("Applied 2 migrations.\n")
    assert user.text.count("plan: apply 2 migrations") == 1
    assert (run["result"], run["committed"], run["wanted"], run["running"]) == ("done", 2, 2, False)
    assert run["pid"] != user.process.pid
    assert project.sql("SELECT DISTINCT run_id::text FROM koonj.history") == [(run["run_id"],)]


def _at_work(terminal: Start, runs: Runs, *argv: str) -> Terminal:
    """Return a terminal that follows a run, which waits at the gate. Another migration follows."""
    runs.write_gate()
    runs.project.table(2)
    user = terminal("apply", "--all", "--yes", *argv)
    runs.wait_until_at_work()
    user.expect("statement 1 of 2")
    return user


def _detached(runs: Runs, *argv: str, **environ: str) -> str:
    """Start a run at the gate without a terminal, and return its id."""
    runs.write_gate()
    runs.project.table(2)
    answer = runs.project.run("apply", "--all", "--yes", "--detach", *argv, **environ)
    assert (answer.code, answer.err) == (0, "")
    runs.wait_until_at_work()
    return answer.out.strip()


def _must_finish(runs: Runs) -> None:
    assert runs.only()["running"] is True
    assert runs.at_gate()
    runs.open_gate()
    run = runs.wait_for_end()
    assert (run["result"], run["message"], run["committed"]) == ("done", "Applied 2 migrations.", 2)
    assert runs.project.tables() == {"t1", "t2"}
    wait_until(lambda: set(runs.files()) == {".jsonl"})  # the process deletes the empty file of errors last


def _hang_up(user: Terminal) -> None:
    user.hang_up()
    assert user.process.wait(30) == 8


def _kill_follower(user: Terminal) -> None:
    user.process.send_signal(signal.SIGKILL)
    user.process.wait(30)


def _kill_group(user: Terminal) -> None:
    os.killpg(user.process.pid, signal.SIGKILL)
    user.process.wait(30)


def _terminate(user: Terminal) -> None:
    user.process.terminate()
    assert user.close() == 8
    assert "left running" in user.text


@pytest.mark.parametrize("end", [_hang_up, _kill_follower, _kill_group, _terminate])
def test_run_goes_on_without_its_terminal(
    terminal: Start, runs: Runs, end: Callable[[Terminal], None]
) -> None:
    end(_at_work(terminal, runs))
    _must_finish(runs)


def test_ctrl_c_and_l_leave_the_run_and_attach_comes_back(terminal: Start, runs: Runs) -> None:
    user = _at_work(terminal, runs)
    user.type("\x03")
    user.expect(
        "If you cancel the run:\n  001_gate.sql runs in one transaction. Cancelling rolls it back: nothing of\n"
    )
    user.expect("\n  1 migration will not be started.\n")
    user.expect("Type c to cancel it, l to leave it running, or press Enter to keep watching: ")
    user.type("l\n")
    assert user.close() == 8
    short = runs.only()["run_id"][:8]
    assert f"koonj: run {short} left running. To follow it, run: koonj attach {short}\n" in user.text
    again = terminal("attach")
    again.expect("statement 1 of 2")
    assert "plan: apply 2 migrations" in again.text
    runs.open_gate()
    assert again.close() == 0
    assert "Applying 1 of 2: 001_gate.sql" in again.text
    assert again.text.endswith("Applied 2 migrations.\n")


def test_second_ctrl_c_leaves_the_run(terminal: Start, runs: Runs) -> None:
    user = _at_work(terminal, runs)
    user.type("\x03")
    user.expect("Type c to cancel it")
    user.type("\x03")
    assert user.close() == 8
    _must_finish(runs)


def test_ctrl_c_and_enter_keep_watching(terminal: Start, runs: Runs) -> None:
    user = _at_work(terminal, runs)
    user.type("\x03")
    user.expect("Type c to cancel it")
    user.type("\n")
    runs.open_gate()
    assert user.close() == 0
    assert user.text.endswith("Applied 2 migrations.\n")


def test_end_of_the_run_ends_the_question(terminal: Start, runs: Runs) -> None:
    user = _at_work(terminal, runs)
    user.type("\x03")
    user.expect("Type c to cancel it")
    runs.open_gate()
    assert user.close() == 0
    assert user.text.endswith("Applied 2 migrations.\n")


def test_ctrl_c_and_c_cancel_the_run(terminal: Start, runs: Runs) -> None:
    user = _at_work(terminal, runs)
    user.type("\x03")
    user.expect("Type c to cancel it")
    user.type("c\n")
    assert user.close() == 6
    assert "@" in user.text
    assert " cancels the run.\n" in user.text
    assert "ERROR: canceling statement due to user request (SQLSTATE 57014)" in user.text
    assert "koonj: not run: 002_make_t2.sql" in user.text
    assert runs.wait_for_end()["result"] == "cancelled"
    assert runs.project.tables() == set()


def test_killed_process_of_a_run_is_told(terminal: Start, runs: Runs) -> None:
    user = _at_work(terminal, runs)
    pid = runs.only()["pid"]
    os.kill(pid, signal.SIGKILL)
    assert user.close() == 1
    assert f"(pid {pid}) ended without a result, and its journal breaks off here." in user.text
    assert "To see what the target contains, run: koonj status" in user.text
    run = runs.only()
    assert (run["running"], run["result"]) == (False, None)
    listed = runs.project.koonj("runs").out
    assert "  no result    apply on local: 0 of 2\n    at 001_gate.sql, process " in listed
    assert listed.endswith("To see what the target contains, run: koonj status\n")
    assert runs.project.koonj("attach").code == 1


def test_runs_says_that_a_process_is_stopped_and_where_another_folder_is(runs: Runs, tmp_path: Path) -> None:
    run_id = _detached(runs)
    pid = runs.only()["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: runs.only()["stopped"])
        first, *details = runs.project.koonj("runs").out.splitlines()
    finally:
        os.kill(pid, signal.SIGCONT)
    assert first[:8] == run_id[:8]
    assert first[29:] == "  stopped      apply on local: 0 of 2"
    assert details == [
        f"    at 001_gate.sql, process {pid} on {socket.gethostname()}",
        f"    stopped by a signal; to continue it, run: kill -CONT {pid}",
    ]
    elsewhere = runs.project.koonj("runs", "--migrations", str(tmp_path)).out.splitlines()
    assert elsewhere[-1].removeprefix("    in ") == str(runs.project.migrations)[-160:]
    runs.open_gate()
    assert runs.wait_for_end()["stopped"] is False


def test_two_terminals_follow_one_run(terminal: Start, runs: Runs) -> None:
    users = [_at_work(terminal, runs), terminal("attach"), terminal("attach")]
    for user in users:
        user.expect("statement 1 of 2")
    runs.open_gate()
    assert [user.close() for user in users] == [0, 0, 0]
    assert all(user.text.endswith("Applied 2 migrations.\n") for user in users)


def test_detach_prints_the_id_and_attach_has_the_exit_code(runs: Runs) -> None:
    run_id = _detached(runs)
    assert runs.only()["run_id"] == run_id
    shutil.rmtree(runs.project.migrations)
    _must_finish(runs)  # the files were read under the koonj lock
    shown = runs.project.koonj("attach", run_id[:8])
    assert shown.code == 0
    assert shown.out.endswith("Applied 2 migrations.\n")
    events = [json.loads(line)["event"] for line in runs.project.koonj("attach", "--json").out.splitlines()]
    assert events[:4] == ["run_started", "plan_made", "run_moved", "lock_acquired"]
    assert events[-1] == "run_finished"


def test_attach_has_the_exit_code_of_a_run_that_failed(runs: Runs) -> None:
    runs.project.table(1)
    runs.project.write("002_fail.sql", "BEGIN;\nSELECT 1 / 0;\nCOMMIT;\n")
    assert runs.project.run("apply", "--all", "--yes", "--detach").code == 0
    answer = runs.project.run("attach")
    assert answer.code == 1
    assert "002_fail.sql:2: ERROR: division by zero" in answer.err
    assert "koonj: committed in this run: 001_make_t1.sql" in answer.err


def test_rollback_moves_too(terminal: Start, runs: Runs) -> None:
    runs.project.table(1)
    assert terminal("apply", "--yes").close() == 0
    user = terminal("rollback")
    user.expect("Type yes to continue: $")
    assert len(runs.listed()) == 1  # nothing moves before the yes
    user.type("yes\n")
    assert user.close() == 0
    assert [run["direction"] for run in runs.listed()] == ["rollback", "apply"]
    assert runs.project.tables() == set()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("--detach",), "--detach requires --yes, or --confirm NAME"),
        (("--detach", "--yes", "--plan"), "--detach cannot be used with --plan"),
        (("--detach", "--yes", "--foreground"), "not allowed with argument"),
        (("--detach", "--yes", "--dsn", "embedded"), "--detach cannot be used with the embedded server"),
    ],
)
def test_detach_is_refused_where_it_cannot_be(runs: Runs, argv: tuple[str, ...], message: str) -> None:
    runs.project.table(1)
    answer = runs.project.run("apply", *argv)
    assert answer.code in {1, 2}
    assert message in answer.err
    assert runs.listed() == []


def test_detach_with_nothing_to_do_prints_no_id(runs: Runs) -> None:
    answer = runs.project.run("apply", "--yes", "--detach")
    assert (answer.code, answer.out) == (0, "")
    assert answer.err == "koonj: Nothing to apply: no migration is pending.\n"


def test_detach_on_a_protected_target_requires_its_name(runs: Runs) -> None:
    runs.project.table(1)
    runs.project.configure(protected="true")
    answer = runs.project.run("apply", "--yes", "--detach")
    assert (answer.code, answer.out) == (2, "")
    assert "--confirm local" in answer.err


def test_run_without_a_terminal_can_be_followed_and_cancelled(runs: Runs, terminal: Start) -> None:
    runs.write_gate()
    argv = [sys.executable, "-m", "koonj", "apply", "--all", "--yes"]
    with subprocess.Popen(
        argv, cwd=runs.project.root, stdin=subprocess.DEVNULL, stdout=-1, stderr=-1
    ) as process:
        runs.wait_until_at_work()
        assert runs.only()["pid"] == process.pid
        user = terminal("attach")
        user.expect("statement 1 of 2")
        user.type("\x03")
        user.expect("Type c to cancel it")
        user.type("c\n")
        assert user.close() == 6
        process.communicate(timeout=30)
    assert process.returncode == 6


@pytest.mark.parametrize(
    ("environ", "argv"), [({"CI": "true"}, ()), ({}, ("--json",)), ({}, ("--foreground",))]
)
def test_run_stays_in_the_process_of_a_program(
    terminal: Start, runs: Runs, environ: dict[str, str], argv: tuple[str, ...]
) -> None:
    runs.project.table(1)
    user = terminal("apply", "--yes", *argv, environ=environ)
    assert user.close() == 0
    assert runs.only()["pid"] == user.process.pid


def _shell(runs: Runs, before: str, *argv: str) -> CommandResult:
    """Run the command in a shell, after `before`."""
    script = f'{before}; exec "$@"'
    return runs.project.run_in(("bash", "-c", script, "bash"), runs.project.root, *argv)


def test_closed_standard_streams_do_not_become_the_journal(runs: Runs) -> None:
    runs.project.table(1)
    answer = _shell(runs, "exec 0<&- 2>&-", "apply", "--yes", "--detach")
    assert answer.code == 0
    assert runs.wait_for_end()["result"] == "done"
    assert runs.project.koonj("attach").code == 0
    everything = _shell(runs, "exec 0<&- 1>&- 2>&-", "rollback", "--yes", "--detach")
    assert everything.code == 1  # it could not say the id
    assert len(runs.listed()) == 1


def test_umask_does_not_lock_the_journal_away(runs: Runs) -> None:
    runs.project.table(1)
    assert _shell(runs, "umask 0777", "apply", "--yes", "--detach").code == 0
    assert runs.wait_for_end()["result"] == "done"
    assert runs.files()[".jsonl"].stat().st_mode & 0o777 == 0o600
    assert runs.folder.stat().st_mode & 0o777 == 0o700


def test_deleted_working_directory_does_not_end_the_run(runs: Runs, tmp_path: Path) -> None:
    import psycopg

    from koonj.postgres.advisory_lock import KEY

    runs.project.table(1)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    where = ("--dsn", runs.project.dsn, "--migrations", str(runs.project.migrations))
    with psycopg.connect(runs.project.dsn, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        assert runs.project.run_in((), folder, "apply", "--yes", "--detach", *where).code == 0
        wait_until(lambda: b"waiting_for_lock" in runs.files()[".jsonl"].read_bytes())
        folder.rmdir()
    assert runs.wait_for_end()["result"] == "done"
    assert runs.project.tables() == {"t1"}


def test_home_that_cannot_be_written_leaves_the_journal_elsewhere(runs: Runs, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    environ = {"XDG_STATE_HOME": str(blocked), "XDG_RUNTIME_DIR": str(runtime), "TMPDIR": str(tmp_path)}
    runs.project.table(1)
    assert runs.project.run("apply", "--yes", "--detach", **environ).code == 0
    assert [file.suffix for file in (runtime / "koonj").glob("*.jsonl")] == [".jsonl"]
    assert runs.project.run("attach", **environ).code == 0
    environ["XDG_RUNTIME_DIR"] = ""
    assert runs.project.run("rollback", "--yes", "--detach", **environ).code == 0
    assert len(list((tmp_path / f"koonj-{os.geteuid()}").glob("*.jsonl"))) == 1
    assert runs.project.run("attach", **environ).code == 0


def test_run_without_a_place_for_a_journal_stays_and_says_why(
    runs: Runs, terminal: Start, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    environ = {"XDG_STATE_HOME": str(blocked), "XDG_RUNTIME_DIR": "", "TMPDIR": str(blocked)}
    runs.project.table(1)
    user = terminal("apply", "--yes", environ=environ)
    assert user.close() == 0
    assert (
        f"koonj: the run stays in this process, and ends with this terminal. Cannot create {blocked}"
        in user.text
    )
    assert user.text.endswith("Applied 1 migration.\n")
    answer = runs.project.run("rollback", "--yes", "--detach", **environ)
    assert answer.code == 1
    assert "Nothing was changed." in answer.err
    for argv, more in (
        ((), {}),
        (("0", "--all-targets"), {}),
        (("--foreground",), {}),
        (("--json",), {"CI": "true"}),
    ):
        runs.project.run("apply", "--yes")
        alone = runs.project.run("rollback", "--yes", *argv, **environ, **more)
        assert alone.code == 0
        assert (
            "this run has no journal, so koonj attach and koonj runs cannot show it. Cannot create"
            in alone.err
        )
        assert len(alone.err.splitlines()) == 1


def test_full_disk_loses_lines_and_not_the_result(runs: Runs) -> None:
    runs.project.table(1)
    runs.project.table(2)
    # 1,024 bytes: only the head. Python would write broken files of bytecode.
    limit = "export PYTHONDONTWRITEBYTECODE=1; ulimit -f 1"
    answer = _shell(runs, limit, "apply", "--all", "--yes", "--detach")
    assert answer.code == 0
    run = runs.wait_for_end()
    assert (run["result"], run["committed"], run["message"]) == ("done", 2, "Applied 2 migrations.")
    wait_until(lambda: runs.only()["lost"] >= 4)  # it is counted after the result is written
    assert runs.files()[".jsonl"].stat().st_size == 1024
    shown = runs.project.koonj("attach")
    assert (shown.code, shown.out) == (0, "Applied 2 migrations.\n")


def test_journal_of_another_host_is_not_judged_by_its_lock(runs: Runs) -> None:
    from dataclasses import replace

    from koonj.runner.process.journal_head import decode, encode

    run_id = _detached(runs)
    os.kill(runs.only()["pid"], signal.SIGKILL)
    runs.wait_for_end()
    journal = runs.files()[".jsonl"]
    with journal.open("r+b") as file:
        head = decode(file.read(1024))
        assert head is not None
        file.seek(0)
        file.write(encode(replace(head, host="bastion2")))
    (run,) = runs.listed()
    assert (run["run_id"], run["running"], run["host"]) == (run_id, None, "bastion2")
    listed = runs.project.koonj("runs").out
    assert "  elsewhere    apply on local: 0 of 2\n    at 001_gate.sql, process " in listed


def test_no_secret_leaves_the_process(runs: Runs) -> None:
    secret = "s3cret-planted"
    runs.project.configure(password=f'{{ command = "echo >> asked; printf {secret}" }}')
    runs.write_gate()
    runs.project.table(2)
    answer = _shell(runs, "ulimit -S -c $(ulimit -H -c)", "apply", "--all", "--yes", "--detach")
    assert (answer.code, answer.err) == (0, "")
    runs.wait_until_at_work()
    run = runs.only()
    process = Path("/proc", str(run["pid"]))
    assert secret not in (process / "cmdline").read_text()
    assert secret not in (process / "environ").read_text()
    for descriptor in (process / "fd").iterdir():
        assert "/dev/pts" not in str(descriptor.readlink())
    for file in (*runs.files().values(), *runs.folder.parent.rglob("*")):
        assert file.is_dir() or file.is_fifo() or secret.encode() not in file.read_bytes()
    assert {file.stat().st_mode & 0o777 for file in runs.files().values()} == {0o600}
    assert (process / "limits").read_text().split("Max core file size")[1].split()[0] == "0"
    _must_finish(runs)
    assert (runs.project.root / "asked").read_text() == "\n"  # once: the process has it from the command


def test_sigterm_to_the_process_of_the_run_cancels_it(runs: Runs) -> None:
    _detached(runs)
    os.kill(runs.only()["pid"], signal.SIGTERM)
    assert runs.wait_for_end()["result"] == "cancelled"
    assert runs.project.tables() == set()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_signals_of_a_terminal_do_not_reach_the_run(runs: Runs, number: signal.Signals) -> None:
    _detached(runs)
    os.kill(runs.only()["pid"], number)
    time.sleep(0.1)
    _must_finish(runs)


def test_attach_needs_a_run(runs: Runs) -> None:
    nothing = runs.project.koonj("attach")
    assert nothing.code == 2
    assert "koonj: error: No run of this user has a journal on this machine." in nothing.err
    runs.project.table(1)
    runs.project.koonj("apply", "--yes")
    assert runs.project.koonj("attach", "zzzz").code == 2
    assert runs.project.koonj("attach", runs.only()["run_id"][:3]).code == 2
    asked = runs.project.koonj("attach", runs.only()["run_id"])
    assert (asked.code, asked.err) == (0, "")


def test_attach_says_that_it_shows_the_last_run_or_one_of_another_folder(
    runs: Runs, terminal: Start, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.project.table(1)
    runs.project.koonj("apply", "--yes")
    last = "koonj: no run is in progress. This is the last one"
    shown = runs.project.koonj("attach")
    assert (shown.code, shown.err.startswith(f"{last}, of 20")) == (0, True), shown.err
    assert shown.out.endswith("Applied 1 migration.\n")
    with monkeypatch.context() as elsewhere:
        elsewhere.chdir(tmp_path_factory.mktemp("elsewhere"))
        assert f"{last}, in {runs.project.migrations}, of 20" in runs.project.koonj("attach").err
    runs.write_gate(2)
    assert runs.project.run("apply", "--yes", "--detach").code == 0
    wait_until(runs.at_gate)
    command = f"cd {tmp_path_factory.mktemp('elsewhere')} && exec {shlex.join(KOONJ)} attach"
    user = terminal(program=("sh", "-c", command))
    user.expect("no run of this folder is in progress. This one is, in ")
    runs.open_gate()
    assert user.close() == 0


def test_a_run_that_changed_nothing_has_no_journal(runs: Runs) -> None:
    runs.project.table(1)
    for argv in (("apply", "--plan"), ("apply", "--probe", "--yes"), ("rollback", "--yes"), ("apply",)):
        runs.project.koonj(*argv)
    assert runs.listed() == []


def test_pipe_of_a_caller_is_closed_when_the_command_has_ended(runs: Runs) -> None:
    reader, writer = os.pipe()
    runs.write_gate()
    answer = runs.project.program(*KOONJ, "apply", "--yes", "--detach", pass_fds=(writer,))
    os.close(writer)
    assert answer.code == 0
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b""  # it has an end, although the run goes on
    runs.wait_until_at_work()


def _apply_detached_after(runs: Runs, *lines: str) -> CommandResult:
    """Run `koonj apply --yes --detach` in a process that has run these lines before."""
    main = (
        "import sys",
        "from koonj.cli.main import main",
        "sys.exit(main(['apply', '--yes', '--detach'], own_process=True))",
    )
    return runs.project.program(sys.executable, "-c", "\n".join((*lines, *main)))


def test_process_that_cannot_be_started_leaves_nothing_behind(runs: Runs) -> None:
    runs.project.table(1)
    answer = _apply_detached_after(
        runs,
        "import errno, os",
        "def fork(): raise OSError(errno.EAGAIN, 'Resource temporarily unavailable')",
        "os.fork = fork",
    )
    assert answer.code == 1
    assert "Cannot start a process: Resource temporarily unavailable. Nothing was changed." in answer.err
    assert list(runs.folder.iterdir()) == []


def test_run_does_not_fork_beside_another_thread(runs: Runs) -> None:
    runs.project.table(1)
    answer = _apply_detached_after(
        runs,
        "import threading",
        "threading.Thread(target=threading.Event().wait, daemon=True).start()",
    )
    assert answer.code == 1
    assert "A thread of this process still waits" in answer.err
    assert runs.project.tables() == set()


def test_ctrl_c_just_after_the_move_does_not_say_that_the_run_is_cancelled(runs: Runs) -> None:
    runs.project.table(1)
    answer = _apply_detached_after(
        runs,
        "import os, signal",
        "from koonj.cli import moved_run",
        "moved_run.keep_after_logout = lambda *_: os.kill(os.getpid(), signal.SIGINT) or ''",
    )
    assert (answer.code, answer.err) == (0, "")
    assert runs.wait_for_end()["run_id"] == answer.out.strip()


def test_ctrl_c_counts_the_statements_that_stay(terminal: Start, runs: Runs) -> None:
    runs.project.sql("CREATE TABLE public.gate AS SELECT 1 AS x")
    wait = "DO $$ BEGIN WHILE EXISTS (SELECT FROM public.gate) LOOP PERFORM pg_sleep(0.01); END LOOP; END $$;"
    runs.project.write(
        "001_steps.sql",
        "CREATE TABLE t1 ();\nVACUUM t1;\nBEGIN;\nCREATE TABLE t2 ();\nCREATE TABLE t3 ();\nCOMMIT;\n"
        f"BEGIN;\nCREATE TABLE t4 ();\n{wait}\nCOMMIT;\nVACUUM t1;\n",
    )
    user = terminal("apply", "--yes")
    user.expect("statement 6 of 7")
    user.type("\x03")
    user.expect(r"4 of 7 statements are done and\s+stay; the transaction of the running one is rolled back\.")
    user.expect("Type c to cancel it")
    user.type("c\n")
    assert user.close() == 6
    assert runs.project.tables() == {"t1", "t2", "t3"}


def test_signal_to_a_run_in_the_same_process_says_what_stays(runs: Runs) -> None:
    runs.write_gate()
    command = subprocess.Popen(
        (*KOONJ, "apply", "--yes"), cwd=runs.project.root, stderr=subprocess.PIPE, text=True
    )
    runs.wait_until_at_work()
    command.send_signal(signal.SIGTERM)
    _, err = command.communicate(timeout=30)
    assert "\n    001_gate.sql runs in one transaction. Cancelling rolls it back" in err
    assert command.returncode == 6
