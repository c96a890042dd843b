"""koonj on a real pty: after any keys the terminal shows the same as after a full write."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

import pyte
import pytest

from support.emulator import Emulator
from support.pty_terminal import PATIENCE, START, Terminal, configure, started
from support.screen import Project

COMPARED = """
import asyncio, os, signal
from koonj.tui import app as koonj_app
from koonj.tui.toolkit.key_queue import KeyQueue

def on_load(app):
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, start, app)

def start(app):
    app.comparison = asyncio.ensure_future(compare(app))

async def compare(app):
    quiet = 0
    while quiet < 3:
        await handle_all(app)
        quiet = quiet + 1 if is_settled(app) else 0
    # Without a moment in between in which the screen could change: what koonj has written of it, the whole screen
    # by Textual, the whole screen by koonj.
    for mark, whole in (("changes", "1"), ("textual", ""), ("koonj", "")):
        app._driver.write(f"\\x1b]99;{mark}\\x07")
        os.environ["KOONJ_WHOLE_FRAMES"] = whole
        if mark != "koonj":
            app.screen.refresh(layout=True)
            app.screen._on_timer_update()

async def handle_all(app):
    reports = []
    for pump in (app, *app.screen.walk_children(with_self=True)):
        reports.append(asyncio.get_running_loop().create_future())
        pump.call_later(report, reports[-1])
    await asyncio.wait(reports, timeout=0.1)  # A widget that is removed does not report.
    await asyncio.sleep(0.01)

def report(handled):
    if not handled.done():
        handled.set_result(None)

def is_settled(app):
    frames = app.frames
    app.screen._on_timer_update()
    busy = app.frames != frames or app._key_queue._busy or app._retry or app._batch_count
    return not busy and app.screen.outer_size == os.get_terminal_size(0)

def count_frame(app):
    app.frames += 1

koonj_app.Koonj.frames = 0
koonj_app.Koonj.post_display_hook = count_frame
koonj_app.Koonj.on_load = on_load
handled, done = open(os.environ["HANDLED"], "a"), KeyQueue._done

def count(queue, marker):  # A byte in the file for each key that was handled.
    is_first = marker is queue._marker  # On a slow machine, a key can be given up, and report its end later.
    done(queue, marker)
    if is_first:
        print(end=".", file=handled, flush=True)

KeyQueue._done = count
"""
MARKS = [f"\x1b]99;{mark}\x07".encode() for mark in ("changes", "textual", "koonj")]
"""What ends koonj's changes, Textual's whole screen, and koonj's whole screen, after SIGUSR1."""
HELD = 16_000
"""Bytes that the kernel buffers for a pty that no process reads."""
LEFT = "\x1b[?7l"
"""Sequence that Textual writes at the start, and that the cells depend on: lines do not wrap."""
MOVES = [
    b"j",
    b"k",
    b"G",
    b"g",
    b"\x1b[6~",
    b"\x1b[5~",
    b"\x04",
    b"\x15",
    b"\t",
    b"1",
    b"2",
    b"3",
    b"4",
    b"l",
    b"h",
]
OTHERS = [
    b"/",
    b"?",
    b"n",
    b"a",
    b"A",
    b":",
    b"v",
    b"[",
    b"+",
    b"t",
    b"x",
    b"0",
    b"\x7f",
    b"\x1b",
    b"\x1b",
    b"\x1b",
]
SIZES = [(80, 24), (120, 36), (40, 12), (100, 30)]
STRANGE = """
-- 東京都 and 한국어 beside a plain word
-- e\u0301 with a mark, 👩\u200d🚀 joined, ❤\ufe0f with a selector, 😀 alone
SELECT '東';
-- Rollback: none: it reads
"""


class Watched:
    """koonj, and two emulators that receive its output."""

    def __init__(self, terminal: Terminal, handled: Path, size: tuple[int, int] = (80, 24)) -> None:
        self.terminal = terminal
        self._handled = handled
        self.emulator = Emulator(*size)
        self.pyte = pyte.Screen(*size)
        self._stream = pyte.Stream(self.pyte)
        self._taken = 0

    @property
    def handled(self) -> int:
        """Number of keys that koonj has handled."""
        return len(self._handled.read_bytes())

    def settle(self, quiet: float = 0.3) -> None:
        """Wait until koonj has written everything, and feed it to the emulators."""
        self.terminal.read_until_quiet(quiet)
        self._take(len(self.terminal.all))

    def until(self, text: str) -> None:
        """Wait until a line has `text`."""
        self.expect(text, lambda: any(text in line for line in self.emulator.lines()))

    def _take(self, end: int) -> None:
        text = bytes(self.terminal.all[self._taken : end]).decode()
        self._taken = end
        self.emulator.feed(text)
        self._stream.feed(text)

    def press(self, *keys: bytes) -> None:
        for key in keys:
            self.terminal.send(key)
            self.terminal.read(0.3 if key == b"\x1b" else 0.03)

    def resize(self, columns: int, rows: int) -> None:
        self.settle()
        self.emulator.resize(columns, rows)
        self.pyte.resize(rows, columns)
        self.terminal.resize(columns, rows)
        self.settle()

    def expect(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until the emulators show it."""
        end = monotonic() + PATIENCE
        while not holds():
            assert monotonic() < end, (what, self.emulator.lines())
            self.settle(0.1)

    def check(self) -> None:
        """Check that the emulators show the same as after a full write by Textual, and by koonj."""
        self.settle()
        os.kill(self.terminal.process.pid, signal.SIGUSR1)
        changes, textual, koonj = (self._end_of(mark) for mark in MARKS)
        self._take(changes)
        fresh = Watched(self.terminal, self._handled, (self.emulator.columns, self.emulator.rows))
        fresh._taken = changes
        fresh.emulator.feed(LEFT)
        fresh._stream.feed(LEFT)
        fresh._take(textual)
        mine, theirs = self.emulator.lines(), fresh.emulator.lines()
        assert mine == theirs
        assert self.emulator.cells == fresh.emulator.cells
        assert (self.emulator.x, self.emulator.y) == (fresh.emulator.x, fresh.emulator.y)
        if all(text.isascii() or len(text) == 1 for row in self.emulator.cells for text, _ in row):
            differing = [
                (x, y, a, b)
                for y, (row, fresh_row) in enumerate(zip(shown(self.pyte), shown(fresh.pyte), strict=True))
                for x, (a, b) in enumerate(zip(row, fresh_row, strict=True))
                if a != b
            ]
            assert not differing
        self._taken = textual
        self._take(koonj)
        assert self.emulator.cells == fresh.emulator.cells

    def _end_of(self, mark: bytes) -> int:
        """Wait for a mark, and return where it ends."""
        end = monotonic() + PATIENCE
        while (found := self.terminal.all.find(mark, self._taken)) < 0:
            assert monotonic() < end, f"koonj does not write {mark!r}"
            self.terminal.read(0.02)
            assert self.terminal.process.poll() is None, (
                f"koonj has ended: {bytes(self.terminal.all[-4000:]).decode(errors='replace')}"
            )
        return found + len(mark)


def shown(screen: pyte.Screen) -> list[list[object]]:
    """Return pyte's cells; of a blank cell only its visible attributes."""
    return [
        [
            (cell.data, cell.bg, cell.reverse and cell.fg, cell.reverse, cell.underscore)
            if cell.data == " "
            else cell
            for cell in (screen.buffer[y][x] for x in range(screen.columns))
        ]
        for y in range(screen.lines)
    ]


@contextmanager
def watched(project: Project, environ: dict[str, str] | None = None) -> Iterator[Watched]:
    for number in range(1, 31):
        project.table(number)
    project.write("031_strange.sql", STRANGE)
    configure(project)
    handled = project.root / "handled"
    environ = {**(environ or {}), "HANDLED": str(handled)}
    with started(project, start=COMPARED + START, environ=environ) as terminal:
        seen = Watched(terminal, handled)
        seen.until("31 pending")
        seen.settle()
        yield seen


@pytest.mark.parametrize("seed", range(3))
def test_terminal_is_right_after_random_keys(project: Project, seed: int) -> None:
    chance = random.Random(seed)
    with watched(project) as seen:
        for _ in range(3):
            pool = MOVES * 2 + OTHERS if chance.random() < 0.8 else MOVES
            seen.press(*chance.choices(pool, k=14))
            if chance.random() < 0.5:
                seen.resize(*chance.choice(SIZES))
                seen.press(*chance.choices(pool, k=4))
            seen.check()


def test_terminal_is_right_with_wide_and_joined_characters(project: Project) -> None:
    with watched(project) as seen:
        for keys in ((b"G",), (b"2", b"l", b"l"), (b"1", b"k", b"G")):
            seen.press(*keys)
            seen.check()


def test_terminal_is_right_after_two_quick_resizes(project: Project) -> None:
    with watched(project) as seen:
        for size in ((60, 20), (80, 24)):
            seen.terminal.resize(*size)
            seen.emulator.resize(*size)
            seen.pyte.resize(size[1], size[0])
        seen.check()


def test_redraw_clears_the_screen_first(project: Project) -> None:
    with watched(project) as seen:
        seen.check()  # what comes later would not be there again
        before = [row.copy() for row in seen.emulator.cells]
        seen.emulator.feed("\x1b[5;5Hwrong\x1b[24;1Hwrong\x1b[H")
        seen.press(b"\x0c")
        seen.expect("what it showed before", lambda: seen.emulator.cells == before)


def test_slow_terminal_gets_only_the_newest_frame(project: Project) -> None:
    with watched(project) as seen:
        line, turns, before = 5_000, 60, seen.handled
        for _ in range(turns):  # from one end of the list to the other: 600 bytes per frame if all were sent
            seen.terminal.send(b"G")
            seen.terminal.read_slowly(0.02, line)
            seen.terminal.send(b"g")
            seen.terminal.read_slowly(0.02, line)
        end = monotonic() + PATIENCE
        while seen.handled - before < 2 * turns:
            assert monotonic() < end, "koonj waits for the terminal"
            seen.terminal.read_slowly(0.02, line)
        late = len(seen.terminal.all)
        seen.terminal.send(b"G")
        while seen.terminal.read_slowly(0.5, line) or seen.handled - before <= 2 * turns:
            assert monotonic() < end, "koonj does not finish"
        assert len(seen.terminal.all) - late < HELD + 4_000
        seen.until("31 of 31")
        seen.check()


def test_synchronized_output_is_used_when_the_terminal_supports_it(project: Project) -> None:
    with watched(project) as seen:
        assert b"\x1b[?2026h" not in seen.terminal.press(b"j")
        seen.terminal.press(b"\x1b[?2026;2$y")  # The response to Textual's query.
        for frame in seen.terminal.press(b"j").split(b"\x1b[?2026h")[1:]:
            assert frame.count(b"\x1b[?2026l") == 1
            assert frame.endswith(b"\x1b[?2026l")
            assert len(frame) > 16
        assert seen.terminal.press(b"\x1b[O") == b""
        seen.check()


def test_everything_is_written_when_the_process_resumes(project: Project) -> None:
    with watched(project) as seen:
        seen.check()  # what comes later would not be there again
        before = [row.copy() for row in seen.emulator.cells]
        seen.terminal.process.send_signal(signal.SIGSTOP)
        seen.emulator.feed("\x1b[2Jsomebody else's")
        seen.terminal.process.send_signal(signal.SIGCONT)
        seen.expect("what it showed before", lambda: seen.emulator.cells == before)


def test_cursor_is_where_the_user_types(project: Project) -> None:
    with watched(project) as seen:
        seen.press(b"/", "東京".encode(), b"x")
        seen.expect("the text", lambda: seen.emulator.lines()[seen.emulator.y].startswith(" / 東京x"))
        seen.press(b"\x1b[D", b"\x1b[D")  # At the end Textual itself is one column too far.
        seen.expect("the cursor in it", lambda: seen.emulator.x == len(" / ") + 2)
        seen.check()


def test_terminal_is_right_without_colours(project: Project) -> None:
    with watched(project, {"NO_COLOR": "1"}) as seen:
        seen.press(b"j", b"?", b"\x1b", b"a")
        seen.check()
        assert not any(look.foreground or look.background for row in seen.emulator.cells for _, look in row)
