"""Number and content of the bytes that koonj writes to a terminal of 80 x 24 cells."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.pty_terminal import PATIENCE, Terminal, configure, opened, started
from support.screen import Project

IDLE = 5.0
"""Seconds in which koonj checks folder and target about 24 times."""
ESCAPE = b"\x1b"
_SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
_COLOUR = re.compile(rb"(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:].*)?")


@pytest.fixture
def terminal(project: Project) -> Iterator[Terminal]:
    """koonj with more migrations than lines, after the target has responded."""
    with opened(project, migrations=80) as terminal:
        yield terminal


def test_start_writes_few_bytes(terminal: Terminal) -> None:
    assert len(terminal.start) <= 14_000


def test_idle_koonj_writes_nothing(terminal: Terminal) -> None:
    assert terminal.read(IDLE) == b""
    assert b"umber, name, state or verdict" in terminal.press(b"/")
    assert terminal.read(IDLE / 2) == b""
    terminal.press(ESCAPE)
    terminal.press(b"n")
    terminal.press(b"\r")
    assert terminal.read(IDLE / 2) == b""
    terminal.press(ESCAPE)
    terminal.press(ESCAPE)


def test_focus_changes_of_the_terminal_write_nothing(terminal: Terminal) -> None:
    assert terminal.press(b"\x1b[O") == b""
    assert terminal.press(b"\x1b[I") == b""


def test_cursor_movement_writes_few_bytes(terminal: Terminal) -> None:
    for _ in range(5):
        assert len(terminal.press(b"j")) <= 300
    to_the_edge, beyond = 12, 40
    terminal.press(b"j" * to_the_edge)
    written = 0
    for _ in range(beyond):
        terminal.send(b"j")
        written += len(terminal.read_until_quiet(0.1))
    written += len(terminal.read_until_quiet())
    assert written / beyond <= 1_000


@pytest.mark.parametrize("key", [b"n", b":"])
def test_opening_a_palette_writes_few_bytes(terminal: Terminal, key: bytes) -> None:
    assert 0 < len(terminal.press(key)) <= 5_000
    terminal.press(ESCAPE)


def test_message_writes_few_bytes(terminal: Terminal) -> None:
    assert b"Nothing is applied" in (said := terminal.press(b"r"))
    assert len(said) <= 500


def test_run_of_100_migrations_writes_few_bytes(project: Project) -> None:
    with opened(project, migrations=100) as terminal:
        terminal.press(b"A")
        terminal.send(b"y")
        said = terminal.read_until_quiet(2.0)
        assert 0 < len(said) <= 60_000
        assert b"100 applied" in said


def _session(project: Project, *options: str, **environ: str) -> bytes:
    """Return all bytes of a session that opens most screens and has a failed run."""
    project.table(1)
    project.write("002_fails.sql", "SELECT 'ß東' / 0; -- ü\n-- Rollback: none: it reads\n")
    configure(project)
    with started(project, *options, environ=environ) as terminal:
        terminal.until(b" pending")
        for key in (b"j", b"]", b"?", ESCAPE, b":", ESCAPE, b"n", ESCAPE, b"/", b"ab", ESCAPE, b"a", ESCAPE):
            terminal.press(key)
        terminal.press(b"A")
        terminal.send(b"y")
        terminal.until(b"22P02")
        terminal.send(b"q")
        terminal.read(0.2)
        assert terminal.process.wait(PATIENCE) == 0
        return bytes(terminal.all)


@pytest.mark.parametrize(("option", "locale"), [("--ascii", "C.UTF-8"), ("", "POSIX")])
def test_output_is_ascii_when_required(project: Project, option: str, locale: str) -> None:
    said = _session(project, *filter(None, [option]), LC_ALL=locale)
    assert b"1 Migrations" in said
    assert said.isascii()


def _colours(said: bytes) -> set[bytes]:
    return {found for found in _SGR.findall(said) if any(map(_COLOUR.fullmatch, _parameters(found)))}


def _parameters(sgr: bytes) -> Iterator[bytes]:
    """Yield each parameter with its arguments: ``1;38;5;3;4`` -> ``1``, ``38;5;3;4``."""
    parts = sgr.split(b";")
    for place, part in enumerate(parts):
        if part in {b"38", b"48"}:
            yield b";".join(parts[place:])
            return
        yield part


def test_no_color_disables_colours(project: Project) -> None:
    assert _colours(_session(project, NO_COLOR="1")) == set()


def test_empty_no_color_is_ignored(project: Project) -> None:
    with opened(project, environ={"NO_COLOR": ""}) as terminal:
        assert _colours(terminal.start)


def test_environment_variables_of_textual_work(project: Project) -> None:
    with opened(project, environ={"TEXTUAL_THEME": "nord", "COLORTERM": "truecolor"}, migrations=1) as nord:
        assert b"38;2;" in nord.start
    assert not re.search(
        rb"[34]8;[25];", _session(project, TEXTUAL_THEME="nord", TEXTUAL_COLOR_SYSTEM="standard")
    )


def test_verdicts_write_few_bytes_and_then_nothing(project: Project, tmp_path: Path) -> None:
    homes = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("DATA", "CACHE")}
    with opened(project, environ={**homes, "KOONJ_REHEARSE": "1"}) as terminal:
        before = len(terminal.all)
        while terminal.all.count("◉".encode()) < 9:
            assert len(terminal.all) - before < 20_000, terminal.all[-2000:]
            terminal.read(0.5)
        terminal.read_until_quiet()
        assert len(terminal.all) - before <= 4_000
        assert terminal.read(IDLE / 2) == b""


def test_dark_theme_writes_few_bytes_for_the_cursor(project: Project) -> None:
    with opened(project, environ={"COLORTERM": "truecolor"}, migrations=80) as terminal:
        assert b"38;2;" in terminal.start
        assert len(terminal.start) <= 30_000
        for _ in range(5):
            assert len(terminal.press(b"j")) <= 1_000
        assert terminal.press(b"\x1b[I") == b""
