"""Features of the terminal, and the terminals that get no screen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from koonj.config.screen_settings import ScreenSettings as Wishes
from koonj.tui.toolkit.capabilities import detect, refusal, set_environment
from support.own_process import wait_until
from support.pty_terminal import PATIENCE, configure, started
from support.screen import Project


@pytest.mark.parametrize("environ", [{}, {"TERM": ""}, {"TERM": "dumb"}])
def test_terminal_without_cursor_movement_is_refused(environ: dict[str, str]) -> None:
    said = refusal(environ, is_tty=True)
    assert said is not None
    assert "koonj status" in said


def test_missing_terminal_is_refused() -> None:
    said = refusal({"TERM": "xterm"}, is_tty=False)
    assert said is not None
    assert "koonj apply" in said


def test_terminal_is_accepted() -> None:
    assert refusal({"TERM": "xterm-256color"}, is_tty=True) is None


def test_no_color_has_effect_when_not_empty() -> None:
    assert not detect({"NO_COLOR": "1"}, encoding="utf-8").colour
    assert detect({"NO_COLOR": ""}, encoding="utf-8").colour
    environ = {"NO_COLOR": ""}
    set_environment(detect(environ, encoding="utf-8"), environ)
    assert "NO_COLOR" not in environ


def test_ssh_disables_the_mouse_and_delays_escape() -> None:
    environ = {"SSH_CONNECTION": "1.2.3.4 5 6.7.8.9 22"}
    terminal = detect(environ, encoding="utf-8")
    set_environment(terminal, environ)
    assert not terminal.mouse
    assert environ["ESCDELAY"] == "250"
    assert environ["TEXTUAL_ANIMATIONS"] == "none"


def test_environment_of_the_user_stays_unchanged() -> None:
    environ = {
        "SSH_TTY": "/dev/pts/1",
        "ESCDELAY": "400",
        "TEXTUAL_THEME": "nord",
        "TEXTUAL_ANIMATIONS": "full",
    }
    terminal = detect(environ, encoding="utf-8")
    set_environment(terminal, environ)
    assert environ["ESCDELAY"] == "400"
    assert environ["TEXTUAL_ANIMATIONS"] == "full"
    assert terminal.theme == "nord"


@pytest.mark.parametrize(("set_to", "seconds"), [(None, 0.25), ("400", 0.4)])
def test_textual_reads_the_escape_delay(set_to: str | None, seconds: float) -> None:
    code = (
        "import os; from koonj.tui.toolkit.capabilities import detect, set_environment; set_environment(detect(os.environ, encoding='utf-8'), os.environ);"
        "from textual import constants; print(constants.ESCAPE_DELAY, constants.TEXTUAL_ANIMATIONS)"
    )
    environ = {**os.environ, "SSH_TTY": "/dev/pts/1", **({"ESCDELAY": set_to} if set_to else {})}
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
    )
    assert said.stdout.split() == [str(seconds), "none"]


@pytest.mark.parametrize("remote", [{}, {"SSH_TTY": "/dev/pts/1"}], ids=["here", "ssh"])
def test_mouse_setting_overrides_the_default(remote: dict[str, str]) -> None:
    for wish, expected in ((True, True), (False, False), (None, not remote)):
        assert detect(remote, encoding="utf-8", screen=Wishes(mouse=wish)).mouse is expected


def test_ascii_setting_never_exceeds_the_terminal() -> None:
    console = {"TERM": "linux"}
    assert detect(console, encoding="utf-8").ascii_only
    assert not detect(console, encoding="utf-8", screen=Wishes(ascii_only=False)).ascii_only
    assert detect({}, encoding="utf-8", screen=Wishes(ascii_only=True)).ascii_only
    assert detect({}, encoding="latin-1", screen=Wishes(ascii_only=False)).ascii_only
    assert detect({}, encoding="utf-8", ascii_only=True, screen=Wishes(ascii_only=False)).ascii_only


@pytest.mark.parametrize(
    ("encoding", "ascii_only"), [("utf-8", False), ("UTF8", False), ("latin-1", True), (None, True)]
)
def test_terminal_without_utf8_gets_ascii(encoding: str | None, ascii_only: bool) -> None:
    assert detect({"TERM": "xterm"}, encoding=encoding).ascii_only is ascii_only


async def test_ascii_mode_writes_no_character_above_127(project: Project) -> None:
    project.write("001_ümlaut.sql", "SELECT 'ß東';\n-- Rollback: none: nothing\n")
    project.table(2)
    async with project.open((80, 24), detect({"TERM": "xterm"}, encoding="utf-8", ascii_only=True)) as screen:
        assert screen.text().isascii()
        assert ". pending" in screen.text()
        assert all(len(line) <= 80 for line in screen.lines())
        await screen.press("question_mark")
        assert screen.text().isascii()


def test_first_paint_imports_no_heavy_module() -> None:
    not_imported = {
        "psycopg",
        "pygments",
        "sqlparse",
        "koonj.migrations.folder",
        "koonj.postgres",
        "koonj.runner",
        "koonj.sql.lexer",
        "koonj.tui.screens.main",
        "textual.widgets._text_area",
    }
    code = "import sys, koonj.cli.main, koonj.tui.app; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not_imported & set(said.stdout.split()) == set()


def test_file_names_are_shown_before_the_folder_is_read(project: Project) -> None:
    for number in range(1, 8):
        project.table(number)
    configure(project)
    with started(project) as terminal:
        said = terminal.until(b"make_t7")
        assert b"reading the folder" in said
        assert b"7 files" in said
        terminal.send(b"jj?")  # keys typed before the main screen is loaded are not lost
        terminal.until(b"Esc")
        terminal.press(b"\x1b")
        terminal.send(b"q")
        terminal.read(0.2)
        assert terminal.process.wait(PATIENCE) == 0


def test_q_quits_before_the_main_screen_is_loaded(project: Project) -> None:
    project.table(1)
    configure(project)
    with started(project) as terminal:
        terminal.send(b"q")
        assert terminal.process.wait(PATIENCE) == 0
        assert b"2 Preview" not in terminal.read_until_quiet()


def test_command_without_terminal_names_alternatives(tmp_path: object) -> None:
    code = (
        "from pathlib import Path; from koonj.config import Settings, Target; from koonj.tui.launch import run;"
        "t = Target('x', ''); raise SystemExit(run(Settings(Path('.'), Path('.'), Path('.'), (t,), t)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert said.returncode == 2
    assert "koonj status" in said.stderr
    assert said.stdout == ""


def test_koonj_ends_when_a_terminal_vanishes_that_sends_no_signal(project: Project) -> None:
    project.table(1)
    configure(project)
    with started(project) as terminal:
        terminal.until(b"1 pending")
        terminal.vanish()
        assert terminal.process.wait(PATIENCE) == 128 + signal.SIGHUP


def test_koonj_ends_when_its_terminal_vanishes_under_an_editor(project: Project) -> None:
    """Textual would resume: it would write into the terminal for ever, and read from it in a busy loop."""
    project.table(1)
    configure(project)
    begun = project.root / "begun"
    editor = f"sh -c 'echo > {begun}; while [ -e {begun} ]; do sleep 0.1; done'"
    with started(project, environ={"EDITOR": editor, "VISUAL": ""}) as terminal:
        terminal.until(b"1 pending")
        terminal.send(b"e")
        wait_until(begun.exists)
        terminal.vanish()
        begun.unlink()
        assert terminal.process.wait(PATIENCE) == 128 + signal.SIGHUP
