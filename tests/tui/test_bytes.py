"""What koonj writes to a terminal of 80 x 24 cells, byte for byte. Exact, on any machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.pty_terminal import PATIENCE, Terminal, configure, opened, started
from support.screen import Project

IDLE = 5.0
"""Seconds in which the folder is looked at, and the target asked, two dozen times."""
ESCAPE = b"\x1b"
_SGR = re.compile(rb"\x1b\[([0-9;:]*)m")
_COLOUR = re.compile(rb"(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:].*)?")


@pytest.fixture
def terminal(project: Project) -> Iterator[Terminal]:
    """koonj with more migrations than lines, when the target has answered."""
    with opened(project, migrations=80) as terminal:
        yield terminal


def test_starting(terminal: Terminal) -> None:
    assert len(terminal.start) <= 14_000


def test_nothing_is_written_while_nothing_happens(terminal: Terminal) -> None:
    assert terminal.read(IDLE) == b""
    assert b"umber, name, state or verdict" in terminal.press(b"/")
    assert terminal.read(IDLE / 2) == b""
    terminal.press(ESCAPE)
    terminal.press(b"n")
    terminal.press(b"\r")
    assert terminal.read(IDLE / 2) == b""
    terminal.press(ESCAPE)
    terminal.press(ESCAPE)


def test_nothing_is_written_when_the_terminal_loses_the_focus_or_has_it_again(terminal: Terminal) -> None:
    assert terminal.press(b"\x1b[O") == b""
    assert terminal.press(b"\x1b[I") == b""


def test_moving_the_cursor(terminal: Terminal) -> None:
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
def test_opening_a_palette(terminal: Terminal, key: bytes) -> None:
    assert 0 < len(terminal.press(key)) <= 5_000
    terminal.press(ESCAPE)


def test_a_message(terminal: Terminal) -> None:
    assert b"Nothing is applied" in (said := terminal.press(b"r"))
    assert len(said) <= 500


def test_a_run_of_100_migrations(project: Project) -> None:
    with opened(project, migrations=100) as terminal:
        terminal.press(b"A")
        terminal.send(b"y")
        said = terminal.read_until_quiet(2.0)
        assert 0 < len(said) <= 60_000
        assert b"100 applied" in said


def _session(project: Project, *options: str, **environ: str) -> bytes:
    """All that is written while everything is looked at, and a run goes wrong."""
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


@pytest.mark.parametrize(("option", "locale"), [("--ascii", "C.UTF-8"), ("", "C"), ("", "POSIX")])
def test_nothing_above_127_is_written_where_it_is_not_wanted(
    project: Project, option: str, locale: str
) -> None:
    said = _session(project, *filter(None, [option]), LC_ALL=locale)
    assert b"1 Migrations" in said
    assert said.isascii()


def _colours(said: bytes) -> set[bytes]:
    return {found for found in _SGR.findall(said) if any(map(_COLOUR.fullmatch, _parameters(found)))}


def _parameters(sgr: bytes) -> Iterator[bytes]:
    """Each with what belongs to it: ``1;38;5;3;4`` -> ``1``, ``38;5;3;4``."""
    parts = sgr.split(b";")
    for place, part in enumerate(parts):
        if part in {b"38", b"48"}:
            yield b";".join(parts[place:])
            return
        yield part


def test_no_color_means_none(project: Project) -> None:
    assert _colours(_session(project, NO_COLOR="1")) == set()


def test_an_empty_no_color_means_nothing(project: Project) -> None:
    assert _colours(_session(project, NO_COLOR=""))


def test_what_the_environment_says_to_textual_is_heard(project: Project) -> None:
    nord = _session(project, TEXTUAL_THEME="nord")
    assert b"38;2;" in nord
    assert not re.search(
        rb"[34]8;[25];", _session(project, TEXTUAL_THEME="nord", TEXTUAL_COLOR_SYSTEM="standard")
    )


def test_verdicts_as_they_come_and_then_nothing(project: Project, tmp_path: Path) -> None:
    homes = {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("DATA", "CACHE")}
    with opened(project, environ={**homes, "KOONJ_REHEARSE": "1"}) as terminal:
        before = len(terminal.all)
        while terminal.all.count("◉".encode()) < 9:
            assert len(terminal.all) - before < 20_000, terminal.all[-2000:]
            terminal.read(0.5)
        terminal.read_until_quiet()
        assert len(terminal.all) - before <= 4_000
        assert terminal.read(IDLE / 2) == b""
