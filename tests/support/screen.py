"""Use koonj's screen in a test: press keys, read lines, wait for texts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from time import monotonic

from textual.color import Color

from koonj.config import Settings, Target, Trust
from koonj.tui.app import Koonj
from koonj.tui.commands.keymap import Keymap
from koonj.tui.screens.dialog import READING, Dialog
from koonj.tui.screens.editor import Editor
from koonj.tui.screens.main import Main
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from koonj.tui.toolkit.textual_private import screen_text
from koonj.tui.widgets.footer import BottomLine
from koonj.tui.widgets.pane import Pane
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.subprocesses import PROGRAM
from support.pilot import PATIENCE, STEP, PatientPilot


class Screen:
    """The running screen, as a user sees it."""

    def __init__(self, app: Koonj, pilot: PatientPilot, folder: Path) -> None:
        self.app = app
        self.pilot = pilot
        self.folder = folder

    @property
    def main(self) -> Main:
        """The main screen, even if a dialog is above it."""
        return next(s for s in self.app.screen_stack if isinstance(s, Main))

    # Read the screen

    def lines(self) -> list[str]:
        """Return the lines of the whole screen."""
        return screen_text(self.app)

    def text(self) -> str:
        """Return the text of the whole screen."""
        return "\n".join(self.lines())

    def reversed_texts(self, pane: Pane, line: int) -> list[str]:
        """Return the texts of a pane's line that the terminal shows in reverse video."""
        segments = self.app.theme_filter().apply(list(pane.render_line(line)), Color(0, 0, 0))
        return [s.text.strip() for s in segments if s.text.strip() and s.style and s.style.reverse]

    def pane(self, number: str) -> list[str]:
        """Return the lines of one pane, its title first."""
        return _drawn(next(p for p in self.main.panes if number == p.NUMBER))

    def migrations(self) -> list[str]:
        """Return the visible rows of the list."""
        return [line for line in self.pane("1")[1:] if line.strip()]

    def row(self, part: str) -> str:
        """Return the only visible row that contains `part`."""
        found = [row for row in self.migrations() if part in row]
        assert len(found) == 1, f"{part!r} is in {len(found)} rows of:\n" + "\n".join(self.migrations())
        return found[0]

    def preview(self) -> str:
        """Return the text of the second pane."""
        return "\n".join(self.pane("2"))

    def targets(self) -> list[str]:
        """Return the lines of the third pane."""
        return self.pane("3")[1:]

    def run(self) -> str:
        """Return the text of the fourth pane."""
        return "\n".join(self.pane("4"))

    def top(self) -> str:
        """Return the first line."""
        return self.lines()[0]

    def bottom(self) -> str:
        """Return the last line: keys, or a message, whose further lines are joined to the first."""
        bars = self.app.screen.query(BottomLine)
        first, *more = self.lines()[-max(1, bars.last().size.height if bars else 1) :]
        return " ".join((first.rstrip(), *map(str.strip, more))) if more else first

    def dialog(self) -> str:
        """Return the whole text of the open dialog."""
        assert isinstance(self.app.screen, Dialog), f"no dialog is open:\n{self.text()}"
        return "\n".join(_all(self.app.screen.pane))

    # Use the screen

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other, and draw what the user then sees."""
        await self.pilot.press(*keys)
        self.pilot.draw()

    async def type(self, text: str) -> None:
        """Type `text`, letter by letter."""
        await self.press(*(_KEYS.get(letter, letter) for letter in text))

    async def press_to_exit(self, key: str) -> None:
        """Press a key that ends koonj, and wait for that. Textual cannot wait for a screen that closes."""
        pressing = asyncio.ensure_future(self.press(key))
        end = monotonic() + PATIENCE
        while self.app.is_running:
            assert monotonic() < end, f"{key} does not end koonj:\n{self.text()}"
            await asyncio.sleep(STEP)
        pressing.cancel()
        await asyncio.gather(pressing, return_exceptions=True)

    async def hold(self, key: str, presses: int = 12) -> None:
        """Hold a key down: the keyboard repeats it, in less time than two presses need, on any machine."""
        for _ in range(presses):
            await self.pilot.press(key)
            await self.pilot.pause(0.04)
            for event in self.app.key_presses._last.values():
                event.time = monotonic()

    async def until(self, seen: str | Callable[[], bool]) -> None:
        """Wait until a text is on the screen, or a condition is true, even if the test holds a handler."""
        holds = seen if callable(seen) else lambda: seen in self.text()
        end = monotonic() + PATIENCE
        while not holds():
            assert monotonic() < end, f"timeout: {seen!r} did not appear on the screen:\n{self.text()}"
            await self.pilot.step()

    def later(self, seconds: float) -> None:
        """Let time pass without waiting.

        Every key press, and the painting of the dialog, becomes so many seconds older.
        """
        keys, dialog = self.app.key_presses, self.app.screen
        for event in {id(event): event for event in keys._last.values()}.values():
            event.time -= seconds
        for key in keys._before:
            keys._before[key] -= seconds
        if isinstance(dialog, Dialog) and dialog._painted is not None:
            dialog._painted -= seconds

    async def expect_dialog(self, *parts: str) -> str:
        """Wait for a dialog that contains all `parts` and accepts keys. Return its text."""
        await self.until(lambda: isinstance(self.app.screen, Dialog))
        dialog = self.app.screen
        assert isinstance(dialog, Dialog)
        await self.until(lambda: dialog.painted_for() > 0)
        await self.pilot.pause()
        self.later(max(0.0, READING - dialog.painted_for()))
        text = self.dialog()
        for part in parts:
            assert part in text, f"{part!r} is not in:\n{text}"
        return text

    async def yes(self) -> None:
        """Press y, as if so long after the last one that it cannot be that one held down."""
        self.later(REPEAT_PAUSE)
        await self.press("y")

    async def cancel_run(self, key: str = "c") -> None:
        """Cancel the run, and confirm that."""
        self.later(REPEAT_PAUSE)
        await self.press(key)
        await self.expect_dialog("Cancel the run?")
        await self.yes()

    async def expect_run(self, word: str) -> None:
        """Wait until the run has ended with `word` and the target was read again.

        The word starts a sentence if the message begins with it: "Cancelled.", "Refused.".
        """
        await self.until(lambda: word.lower() in self.run().lower() and not self.main.control.running)
        await self.pilot.pause()  # a message starts the read of the target
        await self.until(lambda: self.main.snapshot.check.since is None)


Golden = Callable[[Screen, str], Awaitable[None]]
"""Waits until the screen looks like a golden file."""


class Project:
    """A folder of migrations and the targets of its koonj.toml."""

    def __init__(self, root: Path, *targets: Target) -> None:
        self.root = root
        self.migrations = root / "database" / "migrations"
        self.patterns = root / "database" / "patterns"
        self.migrations.mkdir(parents=True, exist_ok=True)
        self.targets = targets
        self.trusted = True

    @property
    def settings(self) -> Settings:
        """The settings that koonj.toml would have."""
        folders = (self.root, self.migrations, self.patterns)
        return Settings(*folders, self.targets, self.targets[0], trust=Trust(given=self.trusted))

    def write(self, name: str, text: str) -> Path:
        """Write a migration, dedented, in one step: the screen never reads half of it."""
        path, new = self.migrations / name, self.root / f"{name}.new"
        new.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return new.replace(path)

    def table(self, number: int) -> str:
        """Write a migration that creates table t<number>, and return its name."""
        name = f"{number:03}_make_t{number}.sql"
        self.write(
            name,
            f"""
            -- {name}
            BEGIN;
            CREATE TABLE t{number} (id int PRIMARY KEY);
            COMMIT;

            -- Rollback:
            -- BEGIN;
            -- DROP TABLE t{number};
            -- COMMIT;
            """,
        )
        return name

    @asynccontextmanager
    async def open(
        self,
        size: tuple[int, int] = (100, 30),
        terminal: Terminal | None = None,
        *,
        keymap: Keymap | None = None,
        answered: bool = True,
        tooltips: bool = False,
        rehearses: bool = False,
        program: Sequence[str] = PROGRAM,
        moves_runs: bool = False,
        run_program: Sequence[str] | None = None,
    ) -> AsyncIterator[Screen]:
        """Open the screen on this project.

        `answered`: wait until every target has answered. `rehearses`: rehearse in the background, with
        `program`. `moves_runs`: a run continues in a process of its own, which `run_program` starts.
        """
        backend = Backend(
            self.settings,
            rehearses=rehearses,
            program=program,
            moves_runs=moves_runs,
            run_program=run_program,
        )
        async with backend:
            app = Koonj(backend, terminal or Terminal(), keymap)
            async with app.run_test(size=size, tooltips=tooltips):
                screen = Screen(app, PatientPilot(app), self.migrations)
                await screen.until(lambda: any(isinstance(s, Main) for s in app.screen_stack))
                await screen.until(lambda: screen.main.snapshot.folder is not None)
                if answered:
                    await screen.until(
                        lambda: all(c.status and c.since is None for c in screen.main.snapshot.checks)
                    )
                await screen.pilot.pause()
                yield screen


_KEYS = {" ": "space", "_": "underscore", "/": "slash", "?": "question_mark", ".": "full_stop", "-": "minus"}


async def apply(screen: Screen, keys: str = "A") -> None:
    """Apply with these keys, wait for the end of the run, and return to the list of migrations."""
    await screen.press(keys)
    await screen.expect_dialog()
    await screen.yes()
    await screen.expect_run("done")
    await screen.press("escape", "1")


async def open_editor(screen: Screen) -> Editor:
    """Open the selected migration, and wait until it is examined."""
    await screen.press("i")
    await screen.until(lambda: isinstance(screen.app.screen, Editor))
    editor = screen.app.screen
    assert isinstance(editor, Editor)
    await screen.until("roblem")
    return editor


def _drawn(pane: Pane) -> list[str]:
    return [pane.render_line(y).text.rstrip() for y in range(pane.size.height)]


def _all(pane: Pane) -> list[str]:
    width = pane.size.width
    return [pane.title()[0], *(pane.draw(i, width).text.rstrip() for i in range(pane.count()))]


_EDGES = ("│", "┃")


def _round_trip(found: re.Match[str]) -> str:
    """Mask the round trip without changing its width, so that columns stay in place."""
    return "round trip " + "NNN.N ms".ljust(len(found[1]))


_MASKS: Sequence[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]] = (
    (re.compile(r"round trip (\d+\.\d ms *)"), _round_trip),
    (re.compile(r" +\d+\.\d ms"), "  NNN.N ms"),
    (re.compile(r"\b\d+\.\d\d\d? s\b"), "N.NN s"),
    (re.compile(r"\b(\d min) \d\d s\b"), r"\1 NN s"),
    (re.compile(r"(?<=\S  )\d+:\d\d\b|(?<=for )\d+:\d\d\b"), "M:SS"),
    (re.compile(r"(?<=[ ›>])\d\d:\d\d:\d\d(?=[ $])|(?<= )\d\d:\d\d:\d\d$"), "HH:MM:SS"),
    (re.compile(r"\btest_[0-9a-f]+"), "test_DB"),
    (re.compile(r"PostgreSQL \d+\.\d+"), "PostgreSQL NN"),
    (re.compile(r"(?<=ms) +\d+\.\d+"), "  NN.N"),
    (re.compile(r"koonj-scratch-\w+"), "koonj-scratch"),
)


def masked(lines: Sequence[str]) -> str:
    """Mask what differs between runs: durations, versions, database names.

    The edges of boxes stay in place.
    """
    return "".join(_masked(line) + "\n" for line in lines)


def _masked(line: str) -> str:
    seen = line
    for pattern, mask in _MASKS:
        seen = pattern.sub(mask, seen)
    if line.endswith(_EDGES):
        edge = line[-1]
        seen = seen.removesuffix(edge).rstrip().ljust(len(line) - 1) + edge
    return seen.rstrip()
