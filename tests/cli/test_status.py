"""koonj status: text, JSON, exit codes; it creates nothing, needs few rights."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.postgres.advisory_lock import KEY
from koonj.postgres.run_name import user_at_host
from support.command import Project


def test_status_shows_pending_then_applied(project: Project) -> None:
    names = [project.table(1), project.table(2)]
    before = project.koonj("status")
    assert before.code == 3
    assert "target local: PostgreSQL " in before.out
    assert "2 migrations: 2 pending" in before.out
    assert "koonj has never changed this database" in before.out
    assert [line.split()[1:3] for line in before.out.splitlines()[-2:]] == [["pending", n] for n in names]
    assert project.koonj("apply", "--all", "--yes").code == 0
    after = project.koonj("status")
    assert after.code == 0
    assert re.search(
        rf"^✓ applied  {names[0]}  \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d[+-]\d\d:\d\d$", after.out, re.M
    )
    assert after.err == ""


def test_status_creates_nothing_in_the_database(project: Project) -> None:
    project.table(1)
    project.koonj("status")
    assert project.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'koonj'") == []


def test_status_names_new_when_the_folder_is_empty(project: Project) -> None:
    answer = project.koonj("status")
    assert answer.code == 0
    assert "No migrations in migrations. To create one, run: koonj new NAME" in answer.out


def test_exit_code_4_has_precedence_over_3(project: Project) -> None:
    project.table(2)
    project.koonj("apply", "--yes")
    late, pending = project.table(1), project.table(3)
    answer = project.koonj("status")
    assert answer.code == 4
    assert re.search(rf"^\S late     {late}", answer.out, re.M)
    assert re.search(rf"^\S pending  {pending}", answer.out, re.M)
    assert project.koonj("status", "--json").json["needs_decision"] == [late]


def test_invalid_file_name_exits_1(project: Project) -> None:
    project.write("7-add.sql", "SELECT 1;")
    answer = project.koonj("status")
    assert answer.code == 1
    assert "7-add.sql" in answer.out


def test_json_contains_target_and_migrations(project: Project) -> None:
    name = project.table(1)
    project.koonj("apply", "--yes")
    report = project.koonj("status", "--json").json
    assert (report["koonj"], report["command"]) == (1, "status")
    assert report["target"]["name"] == "local"
    assert report["server"]["major"] >= 13
    assert (report["applied"], report["pending"], report["error"]) == (1, 0, None)
    (migration,) = report["migrations"]
    assert (migration["number"], migration["name"], migration["state"]) == (1, name, "applied")
    assert migration["last_entry"]["action"] == "apply"


def test_unreachable_server_shows_files_with_unknown_state(files: Project) -> None:
    name = files.table(1)
    answer = files.koonj("status")
    assert answer.code == 1
    assert f"? unknown  {name}" in answer.out
    assert "pending" not in answer.out
    assert answer.err.startswith("koonj: error: local: ")
    report = files.koonj("status", "--json").json
    assert report["migrations"][0]["state"] == "unknown"
    assert report["pending"] is None
    assert report["counts"] is None
    assert report["error"]["message"]


@pytest.mark.parametrize("command", ["status", "apply --yes", "rollback --yes", "history", "status --json"])
def test_password_is_never_shown(files: Project, command: str) -> None:
    files.table(1)
    for dsn in (
        "postgresql://u:s3cret@127.0.0.1:1/x",
        "host=127.0.0.1 port=1 password=s3cret user=u",
        "host=127.0.0.1 port=1 options=-capp.password=s3cret user=u",
    ):
        answer = files.koonj(*command.split(), "--dsn", dsn)
        assert answer.code == 1
        assert "s3cret" not in answer.out + answer.err


def test_foreign_parameter_of_a_dsn_is_named(files: Project) -> None:
    answer = files.koonj("status", "--dsn", "postgresql://u@127.0.0.1:1/x?schema=app")
    assert answer.code == 2
    assert "--dsn has the parameter schema, which libpq does not know." in answer.err
    assert "options=-csearch_path%3DNAME" in answer.err


def test_invalid_dsn_does_not_show_its_password(files: Project) -> None:
    for dsn in (
        "postgresql://u:s3cret@[::1/x",
        "password=s3cret nonsense",
        "postgresql://u:s3cret@h/x?what=1",
    ):
        answer = files.koonj("status", "--dsn", dsn)
        assert answer.code == 2
        assert "s3cret" not in answer.out + answer.err


@pytest.mark.parametrize("way", ["option", "environment"])
@pytest.mark.parametrize("command", ["status", "status --json", "apply --yes --json"])
def test_part_of_an_unescaped_password_is_never_shown(
    files: Project, command: str, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.table(1)
    if way == "environment":
        (files.root / "koonj.toml").unlink()
    for password in ("Zq7@ss3cr3t", "Zq7/s3cr3t", "Zq7#s3cr3t", "Zq7?s3cr3t", "s3cr3t[", "Zq7@s3?cr3t"):
        dsn = f"postgresql://me:{password}@localhost:1/app"
        monkeypatch.setenv("DATABASE_URL", "" if way == "option" else dsn)
        answer = files.koonj(*command.split(), *(("--dsn", dsn) if way == "option" else ()))
        assert answer.code in {1, 2}
        said = answer.out + answer.err
        assert not re.search("Zq7|s3|cr3t", said), said
        assert ("%2F" in said) == bool(re.search("[@/]", password))


def test_read_only_role_is_enough(project: Project) -> None:
    project.table(1)
    project.koonj("apply", "--yes")
    role = "reader_" + conninfo_to_dict(project.dsn)["dbname"].__str__()
    project.sql(f"CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA koonj TO {role}")
    try:
        project.sql(f"GRANT SELECT ON koonj.history TO {role}")
        answer = project.koonj("status", "--dsn", make_conninfo(project.dsn, user=role))
        assert answer.code == 0, answer.err
        assert "1 migration: 1 applied" in answer.out
    finally:
        project.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_escape_sequences_in_file_names_are_made_visible(project: Project) -> None:
    (project.migrations / "1-\x1b[31mred\u202egnp.sql").write_text("SELECT 1;")
    answer = project.koonj("status")
    assert "\x1b" not in answer.out + answer.err
    assert "\u202e" not in answer.out + answer.err


def test_stdout_with_ascii_encoding_gets_ascii(project: Project) -> None:
    project.table(1)
    answer = project.run("status", PYTHONIOENCODING="ascii")
    assert answer.code == 3
    assert answer.out.isascii()
    assert ". pending  001_make_t1.sql" in answer.out


def _modules_after(project: Project, *argv: str) -> set[str]:
    code = (
        "import json, sys\nfrom koonj.cli.main import main\n"
        f"main({list(argv)!r})\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.root, capture_output=True, text=True, check=True, timeout=60
    )
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


def test_status_does_not_import_textual_and_rich(project: Project) -> None:
    project.table(1)
    assert not _modules_after(project, "status") & {"textual", "rich", "pygments", "sqlparse"}


@pytest.mark.parametrize("command", [("check",), ("show", "1"), ("patterns",), ("new", "x")])
def test_commands_without_a_database_do_not_import_psycopg(
    project: Project, command: tuple[str, ...]
) -> None:
    project.table(1)
    assert not _modules_after(project, *command) & {"textual", "rich", "psycopg"}


def test_version_imports_psycopg_but_not_textual_and_rich(project: Project) -> None:
    modules = _modules_after(project, "--version")
    assert "psycopg" in modules
    assert not modules & {"textual", "rich", "pygments", "sqlparse"}


def test_reader_that_exits_is_no_error(project: Project) -> None:
    for number in range(1, 300):
        project.table(number)
    script = f"{sys.executable} -m koonj status | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=project.root, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert done.returncode == 3


def test_the_run_that_holds_the_lock_is_named(project: Project) -> None:
    project.table(1)
    name = "koonj 3f2a91c4 12/40 dev1@bastion1"
    with psycopg.connect(project.dsn, autocommit=True, application_name=name) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        pid = other.info.backend_pid
        text = project.koonj("status").out
        running = project.koonj("status", "--json").json["running"]
        waited = project.koonj("apply", "--yes", "--wait", "0")
    assert re.search(
        rf"^dev1@bastion1 runs koonj here since \S+ \S+: 12 of 40 \(run 3f2a91c4, pid {pid} on the server\)\.$",
        text,
        re.M,
    )
    assert running["run"] == {"id": "3f2a91c4", "index": 12, "of": 40, "who": "dev1@bastion1"}
    assert f"dev1@bastion1 (run 3f2a91c4, migration 12 of 40; pid {pid}, " in waited.err


@pytest.mark.parametrize(
    "sleep", ["BEGIN;\nSELECT pg_sleep(60);\nCOMMIT;\n", "VACUUM;\nSELECT pg_sleep(60);\n"]
)
def test_a_run_names_itself_and_its_migration(project: Project, sleep: str) -> None:
    project.table(1)
    project.write("002_sleep.sql", sleep)
    argv = [sys.executable, "-m", "koonj", "apply", "--all", "--yes", "--json"]
    with subprocess.Popen(
        argv, cwd=project.root, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        run_id = json.loads(process.stdout.readline())["run_id"]
        end = time.monotonic() + 30
        while not project.sql(
            "SELECT 1 FROM pg_stat_activity WHERE query ~ '^SELECT pg_sleep' AND state = 'active' AND datname = current_database()"
        ):
            assert time.monotonic() < end
        run = project.koonj("status", "--json").json["running"]["run"]
        text = project.koonj("status").out
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
    assert run == {"id": run_id[:8], "index": 2, "of": 2, "who": user_at_host()}
    assert f" To follow it, run: koonj attach {run_id[:8]}\n" in text  # the user and the machine are the same
