"""`koonj doctor`: each thing in one line, and nothing private in it."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from support.command import Project, Terminal

PRIVATE = 'dsn = "host=db.private.example hostaddr=127.0.0.1 port=1 user=private_user dbname=private_db"'


def line_of(text: str, name: str) -> str:
    """Return the line about one thing, and the lines of advice below it."""
    found = re.search(rf"^\w+ +{name}  .*(?:\n {{8,}}.*)*", text, re.MULTILINE)
    assert found is not None, text
    return re.sub(r" +", " ", found[0].replace("\n", " "))


def test_machine_and_target_that_work_have_no_error(project: Project, home: Path) -> None:
    result = project.koonj("doctor")
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("\nNo errors.\n")
    assert re.fullmatch(
        r"ok target local PostgreSQL \d+\.\d+, connected in \d+ ms, round trip [\d.]+ ms",
        line_of(result.out, "target local"),
    )
    assert line_of(result.out, "migrations") == "ok migrations 0 files, writable"
    assert line_of(result.out, "state folder") == "ok state folder does not exist yet; koonj can create it"
    for name in ("koonj", "Python", "packages", "libpq", "server binaries", "cache folder", "data folder"):
        assert line_of(result.out, name).startswith("ok ")
    assert not list(home.iterdir())


def test_doctor_prints_the_same_as_json(project: Project) -> None:
    lines = project.koonj("doctor", "--json").json
    text = project.koonj("doctor").out
    assert (lines["errors"], lines["command"]) == (0, "doctor")
    assert [line["name"] for line in lines["lines"]] == re.findall(
        r"^(?:ok|note) +(\S+(?: \S+)*)  ", text, re.MULTILINE
    )


def test_unreachable_target_is_an_error_without_private_words(files: Project, home: Path) -> None:
    (files.root / "koonj.toml").write_text(
        f'migrations = "migrations"\n[targets.shop]\n{PRIVATE}\npassword = {{ env = "PRIVATE_PASSWORD" }}\n'
    )
    result = files.run("doctor", PRIVATE_PASSWORD="private_password")
    assert result.code == 1
    line = line_of(result.out, "target shop")
    assert re.fullmatch(
        r"error target shop cannot be reached or used \(.* s\) .* run: koonj status --target shop", line
    )
    assert result.out.endswith("\n1 error.\n")
    for private in ("private", "127.0.0.1", str(home), str(files.root)):
        assert private not in result.out + result.err


def test_login_that_is_refused_has_no_name_of_the_role(project: Project) -> None:
    with_role = project.dsn + " user=private_user"
    result = project.koonj("doctor", "--dsn", with_role)
    assert result.code == 1
    assert "error target dsn the server refused the login" in line_of(result.out, "target dsn")
    assert "private" not in result.out + result.err


def test_untrusted_project_is_not_connected(files: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        ran = files.root / "ran"
        (files.root / "koonj.toml").write_text(
            f'migrations = "migrations"\n[targets.shop]\ndsn = "host=127.0.0.1 port={port}"\n'
            f'password = {{ command = "touch {ran}" }}\n'
        )
        result = files.run("doctor", KOONJ_TRUST="0")
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert result.code == 0
    assert (
        line_of(result.out, "project")
        == "note project 1 target, not trusted Check its files; then run: koonj trust"
    )
    assert line_of(result.out, "target shop").startswith(
        "note target shop not asked: you do not trust this folder"
    )
    assert not ran.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "note project none in this folder, or no target"),
        ("[targets.shop]\ndns = 'private'\n", "error project koonj.toml cannot be used"),
    ],
)
def test_project_that_cannot_be_used(
    tmp_path: Path, project: Project, monkeypatch: pytest.MonkeyPatch, text: str | None, expected: str
) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    (tmp_path / "koonj.toml").unlink()
    project.migrations.rmdir()
    if text is not None:
        (folder / "koonj.toml").write_text(text)
    monkeypatch.chdir(folder)
    result = project.koonj("doctor")
    assert line_of(result.out, "project").startswith(expected)
    assert result.code == expected.startswith("error")
    assert "private" not in result.out


def test_folder_that_others_can_change_is_an_error(project: Project, home: Path) -> None:
    folder = home / ".local" / "state" / "koonj"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    result = project.koonj("doctor")
    assert result.code == 1
    line = line_of(result.out, "state folder")
    assert line.startswith("error state folder is not a folder of your user only, mode 777 Other users could")


def test_all_folders_that_others_can_change_are_named(
    project: Project, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    state, journals = home / ".local" / "state" / "koonj", tmp_path / f"koonj-{os.geteuid()}"
    for folder in (state / "tunnels" / "0a1b", state / "runs", state / "unsaved", journals):
        folder.mkdir(parents=True)
        folder.chmod(0o777)
    (state / "unsaved").chmod(0o700)
    result = project.koonj("doctor", "--json")
    named = [line["text"] for line in result.json["lines"] if "of your user only" in line["text"]]
    assert named == [
        "runs in it is not a folder of your user only, mode 777",
        "tunnels/0a1b in it is not a folder of your user only, mode 777",
        f"{journals.name}, used without a state folder, is not a folder of your user only, mode 777",
    ]
    assert result.json["errors"] == 3
    assert str(home) not in result.out


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="no folder in which root can create nothing")
def test_folder_that_cannot_be_created_is_a_note(project: Project) -> None:
    result = project.run("doctor", XDG_STATE_HOME="/proc")
    line = line_of(result.out, "state folder")
    assert line.startswith("note state folder cannot be created: koonj keeps journals of runs below TMPDIR")
    assert line.endswith("Set XDG_STATE_HOME to a folder of your own.")
    assert result.code == 0


def test_own_settings_that_cannot_be_used_are_an_error(project: Project, home: Path) -> None:
    file = home / ".config" / "koonj" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("[screen]\nmouse = true\n")
    assert line_of(project.koonj("doctor").out, "config file") == "ok config file can be used"
    file.write_text("[screen]\nmouse = 'private'\n")
    result = project.koonj("doctor")
    assert line_of(result.out, "config file").startswith("error config file cannot be used")
    assert (result.code, "private" in result.out) == (1, False)


def test_missing_programs_are_notes_with_what_to_install(files: Project, tmp_path: Path) -> None:
    result = files.run("doctor", PATH=str(tmp_path), LC_ALL="C")
    for name in ("ssh", "psql", "pg_dump"):
        assert re.match(rf"note {name} not found on PATH.* apt install ", line_of(result.out, name))
    assert "koonj draws only ASCII" in line_of(result.out, "locale")
    assert line_of(result.out, "terminal").startswith("note terminal stdin or stderr is not one")


def test_terminal_is_described(project: Project, terminal: Callable[..., Terminal]) -> None:
    user = terminal(
        "doctor", environ={"TERM": "xterm-256color", "COLORTERM": "truecolor", "SSH_TTY": "", "TMUX": "x"}
    )
    assert user.close() == 0, user.text
    line = line_of(user.text, "terminal")
    assert line == "ok terminal xterm-256color, 80 x 24, true colours, mouse, in tmux"
    assert os.fspath(project.root) not in user.text
