"""koonj status --all-targets: the states on all targets side by side, and the exit code."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj import config
from koonj.cli.marks import StateMarks
from koonj.cli.matrix_text import matrix_lines
from koonj.migrations.folder import Folder, FolderReader
from koonj.postgres.connector import Connector
from koonj.runner.target.all_targets import read_statuses
from koonj.runner.target.matrix import matrix
from koonj.runner.target.status import TargetStatus
from support.command import KOONJ, Project, Terminal

NOWHERE = "host=127.0.0.1 port=1 user=nobody dbname=none connect_timeout=2"
Targets = Callable[..., Project]


@pytest.fixture
def targets(files: Project, make_database: Callable[[], str]) -> Targets:
    """Return a function that makes a project with these targets; a target without a dsn gets a database."""

    def make(*names: str, **dsns: str) -> Project:
        known = {name: without_password(make_database()) for name in names} | dsns
        tables = (f'[targets.{name}]\ndsn = "{dsn}"\n' for name, dsn in known.items())
        (files.root / "koonj.toml").write_text('migrations = "migrations"\n' + "".join(tables))
        return files

    return make


def table(out: str) -> list[list[str]]:
    """Return the words of the lines with a migration: the states, then the name."""
    return [re.split(r"  +", line) for line in out.splitlines() if line.endswith(".sql")]


def without_password(dsn: str) -> str:
    return make_conninfo("", **{k: v for k, v in conninfo_to_dict(dsn).items() if k != "password"})


Statuses = tuple[Folder, tuple[TargetStatus, ...]]


def read(project: Project) -> Statuses:
    """Return the folder and the statuses of all targets."""
    settings = config.load(project.root, environ=os.environ)
    folder = FolderReader(settings.migrations).read()

    async def ask() -> tuple[TargetStatus, ...]:
        async with Connector() as connector:
            return await read_statuses(connector, settings.targets, folder)

    return folder, asyncio.run(ask())


def matrix_text(status: Statuses, width: int) -> list[str]:
    folder, statuses = status
    rows, marks = matrix(folder, statuses), StateMarks(ascii_only=False)
    return list(matrix_lines(statuses, folder, (), rows, marks, width=width, every=True))


def apply(project: Project, target: str, number: int) -> None:
    assert project.koonj("apply", str(number), "--yes", "--target", target).code == 0


def test_rows_that_differ_are_shown_and_the_others_are_counted(targets: Targets) -> None:
    project = targets("local", "staging")
    first, second, third = (project.table(n) for n in (1, 2, 3))
    apply(project, "local", 2)
    apply(project, "staging", 1)
    answer = project.koonj("status", "--all-targets")
    assert answer.code == 3
    assert table(answer.out) == [["✓ applied", "◦ pending", second], ["◦ pending", "◦ pending", third]]
    assert "local    2 applied, 1 pending (exit code 3)" in answer.out
    assert "staging  1 applied, 2 pending (exit code 3)" in answer.out
    assert "1 more is applied on every target that was read. To list all, add --all" in answer.out
    assert table(project.koonj("status", "--all-targets", "--all").out)[0] == [
        "✓ applied",
        "✓ applied",
        first,
    ]


def test_nothing_to_do_anywhere_is_exit_code_0_and_no_table(targets: Targets) -> None:
    project = targets("local", "staging")
    project.table(1)
    for target in ("local", "staging"):
        apply(project, target, 1)
    answer = project.koonj("status", "--all-targets")
    assert (answer.code, table(answer.out), answer.err) == (0, [], "")
    assert "1 migration is applied on every target that was read." in answer.out


def test_target_that_cannot_be_reached_is_a_column_of_question_marks(targets: Targets) -> None:
    project = targets("local", production=NOWHERE)
    name = project.table(1)
    answer = project.koonj("status", "--all-targets")
    assert answer.code == 1
    assert table(answer.out) == [["◦ pending", "? unknown", name]]
    assert re.search(r"^production  unreachable \(.*dbname=none.*\) \(exit code 1\)$", answer.out, re.M)
    assert "local       1 pending, no history yet (exit code 3)" in answer.out
    assert answer.err.startswith("koonj: error: production: connection failed: ")


def test_unknown_states_do_not_make_a_row_differ(targets: Targets) -> None:
    project = targets("local", production=NOWHERE)
    project.table(1)
    apply(project, "local", 1)
    answer = project.koonj("status", "--all-targets")
    assert table(answer.out) == []
    assert "1 migration is applied on every target that was read." in answer.out
    nothing = targets(staging=NOWHERE, production=NOWHERE).koonj("status", "--all-targets")
    assert table(nothing.out) == []
    assert "The states of 1 migration are unknown." in nothing.out


def test_migration_without_a_file_is_absent_where_it_never_ran(targets: Targets) -> None:
    project = targets("local", "staging")
    gone = project.table(1)
    apply(project, "staging", 1)
    (project.migrations / gone).unlink()
    answer = project.koonj("status", "--all-targets")
    assert table(answer.out) == [["- absent", "∅ missing", gone]]
    assert answer.code == 4


def test_exit_code_is_that_of_the_worst_target(targets: Targets) -> None:
    project = targets("local", "staging")
    project.table(2)
    apply(project, "staging", 2)
    project.table(1)
    assert project.koonj("status", "--target", "local").code == 3
    assert project.koonj("status", "--target", "staging").code == 4
    assert project.koonj("status", "--all-targets").code == 4
    project = targets("local", production=NOWHERE)
    assert project.koonj("status", "--all-targets").code == 1


def test_many_rows_with_the_same_states_are_folded(targets: Targets) -> None:
    project = targets("local", "staging")
    names = [project.table(number) for number in range(1, 11)]
    answer = project.koonj("status", "--all-targets")
    assert [row[-1] for row in table(answer.out)] == [names[0], names[-1]]
    assert "… 8 more migrations with the same states" in answer.out
    assert len(table(project.koonj("status", "--all-targets", "--all").out)) == 10


def test_json_has_every_migration_and_the_exit_code_of_each_target(targets: Targets) -> None:
    project = targets("local", production=NOWHERE)
    first, second = project.table(1), project.table(2)
    apply(project, "local", 1)
    answer = project.koonj("status", "--all-targets", "--json")
    report = answer.json
    assert (answer.code, report["exit_code"], report["command"]) == (1, 1, "status")
    local, production = report["targets"]
    assert (local["name"], local["exit_code"], local["applied"], local["pending"]) == ("local", 3, 1, 1)
    assert (production["exit_code"], production["applied"], production["conflicts"]) == (1, None, None)
    assert production["error"]["message"]
    assert [migration["name"] for migration in report["migrations"]] == [first, second]
    states = report["migrations"][0]["states"]
    assert (states["local"]["state"], states["production"]["state"]) == ("applied", "unknown")
    assert states["local"]["last_entry"]["action"] == "apply"
    assert states["production"]["applied"] is None
    assert [migration["differs"] for migration in report["migrations"]] == [False, False]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_no_secret_is_shown(targets: Targets, form: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that of a password command, and not one in the connection string of the environment."""
    project = targets(production=f'{NOWHERE}"\npassword = {{ command = "echo s3cret" }}\n#')
    project.table(1)
    assert project.koonj("trust").code == 0
    answer = project.koonj("status", "--all-targets", *form)
    assert answer.code == 1
    (project.root / "koonj.toml").unlink()
    monkeypatch.setenv(
        "DATABASE_URL", "host=127.0.0.1 port=1 password=s3cret options=-capp.password=s3cret user=u"
    )
    other = project.koonj("status", "--all-targets", *form)
    assert other.code == 1
    assert "s3cret" not in answer.out + answer.err + other.out + other.err


@pytest.mark.parametrize("options", [("--target", "local"), ("--dsn", "dbname=x")])
def test_one_target_cannot_be_chosen_too(files: Project, options: tuple[str, str]) -> None:
    answer = files.koonj("status", "--all-targets", *options)
    assert answer.code == 2
    assert f"Use either --all-targets or {options[0]}, not both." in answer.err


def test_all_needs_all_targets(files: Project) -> None:
    answer = files.koonj("status", "--all")
    assert answer.code == 2
    assert "--all requires --all-targets" in answer.err


def test_targets_are_read_at_the_same_time_and_ctrl_c_ends_all_of_it(targets: Targets) -> None:
    """Servers that never answer: each is asked while the others are still silent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(60)
        port = listener.getsockname()[1]
        dsn = f"host=127.0.0.1 port={port} user=u dbname=d connect_timeout=600 sslmode=disable gssencmode=disable"
        project = targets(one=dsn, two=dsn, three=dsn)
        project.table(1)
        process = subprocess.Popen(
            [*KOONJ, "status", "--all-targets"],
            cwd=project.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        clients = [listener.accept()[0] for _ in range(3)]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        for client in clients:
            client.close()
    assert (process.returncode, out, err) == (6, "", "koonj: cancelled.\n")


def test_narrow_terminal_gets_glyphs_and_a_legend(targets: Targets) -> None:
    project = targets("dev", "qa", prod=NOWHERE)
    name = project.table(1)
    apply(project, "dev", 1)
    assert project.koonj("trust").code == 0
    status = read(project)
    wide = matrix_text(status, 80)
    assert wide[-2:] == ["dev        qa         prod", f"✓ applied  ◦ pending  ? unknown  {name}"]
    middle = matrix_text(status, 35)
    assert middle[-4:] == ["dev  qa  prod", f"✓    ◦   ?     {name}", "", "✓ applied  ◦ pending  ? unknown"]
    narrow = matrix_text(status, 25)
    assert narrow[-4:] == ["1  2  3", f"✓  ◦  ?  {name}", "", "✓ applied  ◦ pending  ? unknown"]
    assert [line.split()[:2] for line in narrow[:3]] == [["1", "dev"], ["2", "qa"], ["3", "prod"]]


def test_terminal_decides_the_form(targets: Targets, terminal: Callable[..., Terminal]) -> None:
    project = targets("local", "staging_in_frankfurt_on_the_river", "production_in_amsterdam_by_the_sea")
    project.table(1)
    shown = terminal("status", "--all-targets", environ={"COLUMNS": "80"})
    shown.close()
    assert "◦  ◦  ◦  001_make_t1.sql" in shown.text
