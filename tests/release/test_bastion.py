"""koonj.pyz as on a bastion: copied over ssh into an account in which koonj was never used."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from release.conftest import PYTHON, Account, Release, needs_libpq
from support.sshd import USABLE, Sshd
from support.terminal_user import TerminalUser
from support.tmux import Tmux

pytestmark = pytest.mark.slow

MIGRATION = "BEGIN;\nCREATE TABLE t{0} (id int);\nCOMMIT;\n\n-- Rollback:\n-- BEGIN;\n-- DROP TABLE t{0};\n-- COMMIT;\n"


@pytest.fixture
def project(tmp_path: Path, database: str) -> Path:
    """Return the folder of a project with two migrations."""
    folder = tmp_path / "project"
    (folder / "migrations").mkdir(parents=True)
    for number in (1, 2):
        (folder / "migrations" / f"00{number}_make_t{number}.sql").write_text(MIGRATION.format(number))
    parts = conninfo_to_dict(database)  # this machine's libpq can be older than that of the tests
    parts = {key: parts[key] for key in ("host", "port", "user", "dbname") if key in parts}
    dsn = json.dumps(make_conninfo("", **parts))
    (folder / "koonj.toml").write_text(f'migrations = "migrations"\n[targets.local]\ndsn = {dsn}\n')
    return folder


@pytest.fixture
def bastion() -> Iterator[Sshd]:
    if not USABLE or shutil.which("scp") is None:
        pytest.skip("no sshd on this machine")
    with Sshd() as server:
        yield server


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT relname FROM pg_catalog.pg_class WHERE relname ~ '^t[0-9]$'")
        return {row[0] for row in rows}


@needs_libpq
def test_copied_file_works_in_a_clean_account(
    release: Release, account: Account, project: Path, bastion: Sshd, database: str
) -> None:
    login = bastion.login(project, ("koonj",), {})
    assert login[1] == "-tt"
    options, host = [word.replace("-p", "-P") if word == "-p" else word for word in login[2:-2]], login[-2]
    copy = ("scp", "-q", "-O", *options, str(release.pyz), f"{host}:{account.home}/koonj.pyz")
    subprocess.run(copy, check=True)

    def on_bastion(*words: str) -> subprocess.CompletedProcess[str]:
        variables = (f"{name}={value}" for name, value in account.environ(KOONJ_TRUST="1").items())
        command = ("env", "-i", *variables, f"{account.home}/koonj.pyz", *words)
        remote = f"cd {shlex.quote(str(project))} && exec {shlex.join(command)}"
        whole = (login[0], *login[2:-1], remote)
        return subprocess.run(whole, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    assert on_bastion("status").returncode == 3  # pending
    done = on_bastion("apply", "--all", "--yes")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Applied 2 migrations."), done.stderr
    assert tables(database) == {"t1", "t2"}
    status = on_bastion("status", "--json")
    assert status.returncode == 0
    assert json.loads(status.stdout)["migrations"][1]["state"] == "applied"
    doctor = on_bastion("doctor")
    assert (doctor.returncode, doctor.stdout.splitlines()[-1]) == (0, "No errors.")
    assert re.search(r"^ok     libpq .*, of the system$", doctor.stdout, re.MULTILINE)
    assert re.search(r"^note   terminal .*\n", doctor.stdout, re.MULTILINE)
    for private in (str(account.home), str(project), database):
        assert private not in doctor.stdout
    assert len(json.loads(on_bastion("patterns", "--json").stdout)["patterns"]) > 50


@needs_libpq
@pytest.mark.skipif(shutil.which("tmux") is None, reason="no tmux on this machine")
def test_screen_applies_from_a_read_only_home_without_network(
    release: Release, read_only: Account, project: Path, database: str, tmp_path: Path
) -> None:
    """The process of the run, which the screen starts, must come from the same file."""
    tmpdir = tmp_path / "tmp"
    tmpdir.mkdir()
    environ = read_only.environ(
        TERM="xterm-256color", TMPDIR=str(tmpdir), KOONJ_TRUST="1", KOONJ_REHEARSE="0"
    )
    variables = (f"{name}={value}" for name, value in environ.items())
    command = ("env", "-i", *variables, str(PYTHON), str(release.pyz))
    if subprocess.run(("unshare", "-n", "true"), check=False, stderr=subprocess.DEVNULL).returncode == 0:
        command = ("unshare", "-n", *command)
    with Tmux(project) as terminal:
        user = TerminalUser(terminal)
        user.open("0 applied  2 pending", shlex.join(command))
        user.press("A", expect="Apply 2 migrations to local?")
        user.confirm("Apply 2 migrations to local?")
        terminal.until("2 applied  nothing pending")
        terminal.press("q")
        terminal.until("exit=0")
    assert tables(database) == {"t1", "t2"}
    done = read_only.run(PYTHON, release.pyz, "runs", "--json", cwd=project, environ={"TMPDIR": str(tmpdir)})
    (run,) = json.loads(done.stdout)["runs"]  # it had a process of its own
    assert run["result"] == "done"
