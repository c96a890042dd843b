"""koonj trust, and what the other commands run in a folder without trust."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from koonj.postgres.embedded.binaries import Binaries
from support.command import Project
from support.network_server import TRUST, NetworkServer, network_server

PROGRAM = "COPY t FROM PROGRAM 'touch {0} && echo 1';\n"


@pytest.fixture(scope="module")
def open_server(binaries: Binaries) -> Iterator[NetworkServer]:
    """A server that asks no password, except from role ``careful``, whose password is s3cret."""
    hba = f"host all careful 127.0.0.1/32 scram-sha-256\n{TRUST}"
    with network_server(binaries, hba) as server:
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute("CREATE ROLE careful SUPERUSER LOGIN PASSWORD 's3cret'")
        yield server


@pytest.fixture
def project(files: Project, open_server: NetworkServer) -> Project:
    """A project whose target, an empty database, requires no password."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(open_server.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    files.dsn = open_server.dsn(dbname=name)
    files.configure()
    return files


@pytest.fixture(autouse=True)
def _no_trust(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KOONJ_TRUST")
    monkeypatch.setenv("KOONJ_REHEARSE", "1")


@pytest.fixture
def planted(project: Project, tmp_path: Path) -> Iterator[Path]:
    """Make a pending migration that runs a program; return the file that it creates."""
    ran = Path(
        "/tmp", f"koonj-test-{tmp_path.parent.name}-{tmp_path.name}"
    )  # root's server is another account
    project.write(
        "001_run.sql", f"CREATE TABLE t (a int);\n{PROGRAM.format(ran)}\n-- Rollback:\n-- DROP TABLE t;\n"
    )
    yield ran
    ran.unlink(missing_ok=True)


def test_password_command_does_not_run_without_trust(project: Project, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    project.configure(password=f"{{ command = 'touch {ran}; echo x' }}")
    for command in (["status"], ["history"], ["apply", "--plan"], ["apply", "--yes"], ["rehearse"]):
        done = project.koonj(*command)
        assert done.code == 1, command
        assert f"koonj.toml:4 makes koonj run the command touch {ran}; echo x" in done.err
        assert "run: koonj trust (in CI, set KOONJ_TRUST=1)" in done.err
    assert not ran.exists()
    assert project.run("status", KOONJ_TRUST="1").code == 0
    assert ran.exists(), "the command runs in a trusted folder"


@pytest.mark.parametrize("password", ['{ env = "TOKEN" }', '{ file = "secret" }'])
def test_other_passwords_are_not_sent_without_trust(
    project: Project, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setenv("TOKEN", "s3cret")
    (project.root / "secret").write_text("s3cret\n")
    project.dsn += " user=careful"
    project.configure(password=password)
    done = project.koonj("status")
    assert done.code == 1
    assert "target local: not connected" in done.out
    assert "koonj.toml:4 makes koonj send the" in done.err
    assert project.koonj("trust").code == 0
    assert project.koonj("status").code == 0


def test_passwords_of_the_user_are_not_sent_without_trust(
    project: Project, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.dsn += " user=careful"
    project.configure()
    monkeypatch.setenv("PGPASSWORD", "s3cret")
    done = project.koonj("status")
    assert done.code == 1
    assert "koonj used none of your passwords: you do not trust this folder yet" in done.err
    assert project.run("status", KOONJ_TRUST="1").code == 0
    monkeypatch.delenv("PGPASSWORD")
    (home / ".pgpass").write_text("*:*:*:careful:s3cret\n")
    (home / ".pgpass").chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(home / ".pgpass"))
    assert project.koonj("status").code == 1
    assert project.run("status", KOONJ_TRUST="1").code == 0
    assert project.koonj("status", "--dsn", project.dsn).code == 0, "the user has named this server"


@pytest.mark.parametrize(
    "keyword",
    [
        "hostaddr=127.0.0.1",
        "sslkey=./evil.so:x",
        "sslkeylogfile=/tmp/x",
        "servicefile=./evil",
        "passfile=./p",
        "options=-csession_preload_libraries=/nowhere/evil.so",
    ],
)
def test_dsn_that_could_use_the_users_secrets_is_refused_without_trust(
    project: Project, keyword: str
) -> None:
    try:
        psycopg.conninfo.conninfo_to_dict(keyword)
    except psycopg.ProgrammingError:
        pytest.skip("this libpq does not have the keyword")
    project.dsn += f" {keyword}"
    project.configure()
    done = project.koonj("status")
    name = keyword.partition("=")[0]
    assert f"The dsn of target local sets {name}, and you do not trust this folder yet" in done.err
    assert done.code == 1


def test_states_are_shown_without_trust(project: Project) -> None:
    project.table(1)
    assert "pending  001_make_t1.sql" in project.koonj("status").out


def test_plan_runs_no_sql_without_trust(project: Project, planted: Path) -> None:
    done = project.koonj("apply", "--plan")
    assert done.code == 0
    assert "not rehearsed, so the locks are unknown: you do not trust this folder yet" in done.out
    assert not planted.exists()
    assert project.koonj("trust").code == 0
    assert "rehearsal: verified" in project.koonj("apply", "--plan").out
    assert planted.exists()


def test_policy_runs_no_sql_without_trust(project: Project, planted: Path) -> None:
    project.configure(protected="true")
    done = project.koonj("apply", "--confirm", "local")
    assert done.code == 7
    assert "001_run.sql has not been rehearsed: you do not trust this folder yet" in done.err
    assert not planted.exists()


def test_drift_runs_no_sql_without_trust(project: Project, planted: Path) -> None:
    assert project.koonj("apply", "--yes").code == 0
    planted.unlink()  # the target's own server ran it, because the user applied it
    done = project.koonj("drift")
    assert done.code == 1
    assert "you do not trust this folder yet" in done.err
    assert not planted.exists()


def test_rehearsal_that_the_user_asks_for_runs_its_sql(project: Project, planted: Path) -> None:
    done = project.koonj("rehearse")
    assert (done.code, planted.exists()) == (0, True), done.err


def test_rehearsal_like_a_target_requires_trust(project: Project) -> None:
    project.table(1)
    done = project.koonj("rehearse", "--like", "local")
    assert done.code == 1
    assert "--like local runs code of that target on this machine, and you do not trust" in done.err
    assert project.run("rehearse", "--like", "local", KOONJ_TRUST="1").code == 0


def test_scratch_server_of_the_project_requires_trust(project: Project, open_server: NetworkServer) -> None:
    project.table(1)
    text = (project.root / "koonj.toml").read_text()
    (project.root / "koonj.toml").write_text(f'{text}\n[scratch]\ndsn = "{open_server.dsn()}"\n')
    done = project.koonj("rehearse", "--all")
    assert done.code == 1
    assert "koonj.toml makes koonj run migrations on the server in [scratch] dsn, and you do not" in done.err
    assert project.koonj("trust").code == 0
    assert project.koonj("rehearse", "--all").code == 0


def test_scratch_server_of_a_project_without_targets_requires_trust(
    project: Project, open_server: NetworkServer
) -> None:
    project.table(1)
    text = f'migrations = "migrations"\n[scratch]\ndsn = "{open_server.dsn()}"\n'
    (project.root / "koonj.toml").write_text(text)
    assert "you do not trust this folder yet" in project.koonj("rehearse", "--all").err


def test_trust_shows_what_koonj_runs_and_list_and_remove_it(project: Project) -> None:
    project.configure(password='{ command = "pass show db" }')
    done = project.koonj("trust")
    assert done.out.startswith(f"trusted {project.root.resolve()}\nkoonj now runs, as your user:\n")
    assert "  the command pass show db (koonj.toml:4, password of targets.local)\n" in done.out
    assert str(project.root.resolve()) in project.koonj("trust", "--list").out
    assert project.koonj("trust", "--remove").out == f"no longer trusted: {project.root.resolve()}\n"
    assert project.koonj("trust", "--list").out == ""
    assert project.koonj("trust", "--remove").out == f"was not trusted: {project.root.resolve()}\n"


def test_deleted_folder_can_be_removed(project: Project, tmp_path: Path) -> None:
    assert project.koonj("trust").code == 0
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-moved")
    tmp_path.rename(elsewhere)
    tmp_path.mkdir()
    assert project.koonj("trust", "--remove", str(tmp_path)).out == f"no longer trusted: {tmp_path}\n"


def test_trust_accepts_a_project_of_others_only_on_request(project: Project) -> None:
    (project.root / "koonj.toml").chmod(0o666)
    done = project.koonj("status")
    assert done.code == 2
    assert "other users can write to" in done.err
    assert "Accepted: koonj does not use" in project.koonj("trust").out
    assert project.koonj("status").code == 0


def test_json_of_trust(project: Project) -> None:
    root = str(project.root.resolve())
    project.configure(password='{ env = "TOKEN" }')
    assert project.koonj("trust", "--json").json == {
        "koonj": 1,
        "command": "trust",
        "folders": [root],
        "trusted": True,
        "passwords": [{"table": "targets.local", "source": "env", "value": "TOKEN", "where": "koonj.toml:4"}],
        "scratch_dsn": None,
    }
    (listed,) = project.koonj("trust", "--list", "--json").json["list"]
    assert (listed["folder"], set(listed)) == (root, {"folder", "at"})
    removed = project.koonj("trust", "--remove", "--json").json
    assert (removed["folders"], removed["trusted"]) == ([root], False)


def test_folder_without_remove_is_a_usage_error(project: Project) -> None:
    assert project.koonj("trust", "/").code == 2


def test_init_trusts_what_it_creates(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    monkeypatch.chdir(new)
    assert project.koonj("init").code == 0
    assert str(new) in project.koonj("trust", "--list").out


def test_init_does_not_trust_migrations_that_it_finds(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloned = tmp_path / "cloned"
    (cloned / "database/migrations").mkdir(parents=True)
    monkeypatch.chdir(cloned)
    done = project.koonj("init", "--json")
    assert done.json["trusted"] is False
    assert project.koonj("trust", "--list").out == ""
    (cloned / "koonj.toml").unlink()
    assert "To let koonj run what this folder already contains, run: koonj trust" in project.koonj("init").out


def test_rows_of_a_target_are_asked_only_with_trust(project: Project) -> None:
    """A query of the preflight is made of the folder's files."""
    project.write("001_base.sql", "BEGIN;\nCREATE TABLE documents (id int PRIMARY KEY, n int);\nCOMMIT;\n")
    assert project.run("apply", "--yes", KOONJ_TRUST="1").code == 0
    project.sql("INSERT INTO documents VALUES (17)")
    project.write("002_strict.sql", "BEGIN;\nALTER TABLE documents ALTER n SET NOT NULL;\nCOMMIT;\n")
    asked = project.run("apply", "--plan", KOONJ_TRUST="1")
    assert "n NULL, for example id 17" in asked.out
    unasked = project.run("apply", "--plan", "--preflight", "exact")
    assert "alter table documents" in unasked.out.lower(), unasked.err
    assert "for example" not in unasked.out
