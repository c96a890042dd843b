"""Commands on a target behind a bastion, and `koonj tunnel`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from koonj.runner.impact import tunnel_note
from support.command import KOONJ, Project, Terminal
from support.databases import Databases
from support.own_process import Runs, wait_until
from support.sshd import USABLE, Sshd, clients

pytestmark = pytest.mark.skipif(not USABLE, reason="no sshd on this machine")

SHOW = (
    "import json, os; print(json.dumps({name: os.environ[name] for name in os.environ if name[:2] == 'PG'}))"
)


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as running:
        yield running


@pytest.fixture
def config(sshd: Sshd, project: Project) -> Path:
    """The ssh configuration with which the project's target goes through the bastion."""
    file = sshd.client_config()
    project.configure(ssh=f'{{ host = "bastion", options = ["-F", "{file}"] }}')
    return file


def gone(config: Path) -> None:
    """Wait until no ssh is left."""
    wait_until(lambda: not clients(config))


def test_apply_and_status_go_through_the_bastion(project: Project, config: Path) -> None:
    project.table(1)
    assert project.koonj("apply", "--yes").code == 0
    gone(config)
    assert project.tables() == {"t1"}
    done = project.koonj("status")
    host = conninfo_to_dict(project.dsn)["host"]
    assert f"{host}:5432 through bastion" in done.out
    server = project.koonj("status", "--json").json["server"]
    assert server["through"] == "bastion"
    assert server["host"] == f"{host}:5432"
    gone(config)


def test_broken_tunnel_is_an_error_with_the_words_of_ssh(project: Project, sshd: Sshd) -> None:
    config = sshd.client_config()
    project.configure(
        ssh=f'{{ host = "bastion", options = ["-o", "PubkeyAuthentication=no", "-F", "{config}"] }}'
    )
    project.table(1)
    done = project.koonj("status")
    assert done.code == 1
    assert "No tunnel through bastion. ssh says:" in done.err
    assert "Permission denied" in done.err
    assert "ssh-add" in done.err
    assert project.koonj("apply", "--yes").code == 1


def test_databases_of_one_server_share_one_login(
    databases: Callable[..., Databases],
    runs: Runs,
    terminal: Callable[..., Terminal],
    sshd: Sshd,
    tmp_path: Path,
) -> None:
    made, count = databases("a", "b", "c"), tmp_path / "logins"
    config = sshd.client_config(f'Match exec "echo >> {count}"\nHost *\n')
    made.configure(**dict.fromkeys("abc", f'ssh = {{ host = "bastion", options = ["-F", "{config}"] }}'))
    made.project.table(1)
    assert terminal("apply", "--all-targets", "--yes").close() == 0
    assert [made.applied(name) for name in "abc"] == [["001_make_t1.sql"]] * 3
    assert count.read_text() == "\n"
    gone(config)


@pytest.mark.parametrize("argv", [(), ("--all-targets",)])
def test_process_of_a_run_joins_the_tunnel_of_the_plan(
    runs: Runs, terminal: Callable[..., Terminal], sshd: Sshd, tmp_path: Path, argv: tuple[str, ...]
) -> None:
    count = tmp_path / "logins"
    config = sshd.client_config(f'Match exec "echo >> {count}"\nHost *\n')
    runs.project.configure(ssh=f'{{ host = "bastion", options = ["-F", "{config}"] }}')
    runs.write_gate()
    user = terminal("apply", "--yes", *argv)
    user.expect("continues in its own process")
    wait_until(runs.at_gate)
    assert count.read_text() == "\n"
    user.hang_up()
    assert user.process.wait(30) == 8
    runs.open_gate()
    wait_until(lambda: all(run["result"] == "done" for run in runs.listed()))
    assert count.read_text() == "\n"  # the tunnel has gone on, too
    gone(config)


def test_untrusted_folder_runs_no_ssh(
    project: Project, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KOONJ_TRUST", "0")
    for words in (("status",), ("tunnel", "local", "--", "true")):
        done = project.koonj(*words)
        assert done.code == 1
        assert f"makes koonj run ssh -F {config} bastion" in done.err
        assert "koonj trust" in done.err


class TestTunnel:
    def test_program_has_the_variables_and_its_own_exit_code(
        self, project: Project, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PGSERVICE", "")
        monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
        done = project.run("tunnel", "local", "--", sys.executable, "-c", f"{SHOW}; raise SystemExit(7)")
        assert done.code == 7, done.err
        shown = done.json
        parts = conninfo_to_dict(project.dsn)
        assert shown["PGDATABASE"] == parts["dbname"]
        assert shown["PGHOST"].startswith(os.environ["XDG_STATE_HOME"])
        assert shown.keys().isdisjoint({"PGHOSTADDR", "PGSERVICE", "PGPASSWORD"})
        gone(config)

    def test_program_on_tcp_gets_name_and_address(self, project: Project, sshd: Sshd) -> None:
        config = sshd.client_config()
        services = project.root / "services"
        services.write_text("[prod]\nhost=db.internal\nhostaddr=127.0.0.1\nuser=me\npassword=s3cret\n")
        (project.root / "koonj.toml").write_text(
            'migrations = "migrations"\n[targets.prod]\ndsn = "service=prod dbname=app"\n'
            f'ssh = {{ host = "bastion", options = ["-F", "{config}"] }}\n'
        )
        done = project.run(
            *("tunnel", "prod", "--", sys.executable, "-c", SHOW),
            PGSERVICEFILE=str(services),
            PGSERVICE="prod",
        )
        shown = done.json
        assert shown["PGHOST"] == "db.internal"
        assert shown["PGHOSTADDR"].startswith("127.")
        assert shown["PGUSER"] == "me"
        assert shown["PGDATABASE"] == "app"
        assert "PGSERVICE" not in shown
        assert "s3cret" not in done.out
        gone(config)

    def test_psql_reaches_the_target(self, project: Project, config: Path, psql: Path) -> None:
        done = project.run("tunnel", "--", str(psql), "-AXtc", "SELECT current_database()")
        assert done.out.strip() == conninfo_to_dict(project.dsn)["dbname"], done.err
        gone(config)

    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux says which signals a process ignores")
    def test_program_ignores_no_signal_because_of_koonj(self, project: Project, config: Path) -> None:
        done = project.run("tunnel", "local", "--", "grep", "SigIgn", "/proc/self/status")
        ignored = int(done.out.split()[1], 16)
        assert not ignored & 1 << (signal.SIGPIPE - 1), done.out
        gone(config)

    def test_signal_reaches_the_program(
        self, terminal: Callable[..., Terminal], project: Project, config: Path
    ) -> None:
        program = (
            "import signal, sys\n"
            "signal.signal(signal.SIGINT, lambda *_: sys.exit(9))\n"
            "print('here', flush=True)\nsignal.pause()"
        )
        user = terminal("tunnel", "local", "--", sys.executable, "-c", program)
        user.expect("here")
        assert len(clients(config)) == 1
        user.type("\x03")
        assert user.close() == 9
        gone(config)

    def test_killed_program_leaves_no_ssh(
        self, terminal: Callable[..., Terminal], project: Project, config: Path
    ) -> None:
        user = terminal("tunnel", "local", "--", "sh", "-c", "echo here; exec sleep 600")
        user.expect("here")
        user.process.send_signal(signal.SIGKILL)
        gone(config)

    def test_without_a_program_it_stays_open_until_ctrl_c(
        self, terminal: Callable[..., Terminal], project: Project, config: Path
    ) -> None:
        user = terminal("tunnel", "local")
        user.expect("The tunnel to local through bastion is open. Ctrl-C ends it.")
        user.expect("PGHOST=")
        assert len(clients(config)) == 1
        user.type("\x03")
        assert user.close() == 0
        gone(config)

    def test_end_of_ssh_is_said(
        self, terminal: Callable[..., Terminal], project: Project, config: Path
    ) -> None:
        user = terminal("tunnel", "local")
        user.expect("Ctrl-C ends it")
        os.kill(clients(config)[0], signal.SIGTERM)
        user.expect("The tunnel to local has ended. ssh says: ")
        assert user.close() == 1

    def test_what_cannot_be_is_said(self, project: Project) -> None:
        done = project.koonj("tunnel", "local", "--", "true")
        assert (done.code, "has no ssh in koonj.toml" in done.err) == (1, True)
        assert project.koonj("tunnel", "nowhere").code == 2
        assert project.koonj("tunnel", "a", "--target", "b").code == 2
        done = project.koonj("tunnel", "local", "--json")
        assert (done.code, "the output is that of the program" in done.err) == (2, True)

    def test_program_that_does_not_exist_opens_no_tunnel(self, project: Project, config: Path) -> None:
        done = project.koonj("tunnel", "local", "--", "no-such-program")
        assert (done.code, "no program no-such-program in PATH" in done.err) == (1, True)

    def test_word_of_another_command_is_no_tunnel(self, project: Project) -> None:
        done = project.koonj("new", "add", "tunnel", "--", "more")
        assert "add_tunnel_more" in done.out, done.err


class TestRun:
    def test_run_keeps_the_tunnel_when_its_terminal_is_lost(
        self, runs: Runs, terminal: Callable[..., Terminal], sshd: Sshd
    ) -> None:
        config = sshd.client_config()
        runs.project.configure(ssh=f'{{ host = "bastion", options = ["-F", "{config}"] }}')
        runs.write_gate()
        user = terminal("apply", "--all", "--yes")
        runs.wait_until_at_work()
        user.hang_up()
        user.process.kill()
        user.process.wait(30)
        assert len(clients(config)) == 1
        runs.open_gate()
        assert runs.wait_for_end()["result"] == "done"
        assert runs.project.tables() == {"t1"}
        gone(config)

    def test_plan_of_a_long_run_says_how_to_run_it_on_the_bastion(
        self, project: Project, config: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("KOONJ_REHEARSE", "1")
        project.table(1)
        assert project.koonj("apply", "--yes").code == 0
        project.write("002_add_index.sql", "CREATE INDEX i ON t1 (id);\n")
        project.sql("INSERT INTO t1 SELECT generate_series(1, 100)")
        words = "koonj apply --all --migrations migrations --dsn "
        assert "log in (ssh -F" not in project.koonj("apply", "--all", "--plan").out
        monkeypatch.setattr(tunnel_note, "LARGE", 8192)
        done = project.koonj("apply", "--all", "--plan")
        flat = " ".join(done.out.split())
        assert "The run goes through bastion by ssh" in flat, done.out + done.err
        assert f"log in (ssh -F {config} bastion) and run: {words}" in flat
        project.configure()
        assert "by ssh" not in project.koonj("apply", "--all", "--plan").out

    def test_killed_run_leaves_no_ssh(
        self, runs: Runs, terminal: Callable[..., Terminal], sshd: Sshd
    ) -> None:
        config = sshd.client_config()
        runs.project.configure(ssh=f'{{ host = "bastion", options = ["-F", "{config}"] }}')
        runs.write_gate()
        terminal(program=(*KOONJ, "apply", "--all", "--yes", "--detach")).close()
        runs.wait_until_at_work()
        os.kill(runs.only()["pid"], signal.SIGKILL)
        gone(config)
