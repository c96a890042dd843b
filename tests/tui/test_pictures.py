"""Six screens in colour as pictures, which show changes of themes or highlighting in a browser."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import monotonic

import pytest

from koonj.tui.toolkit.capabilities import Terminal
from support.pilot import PATIENCE
from support.screen import Project, Screen

Way = Callable[[Screen], Awaitable[None]]
PICTURES = Path(__file__).parent / "pictures"
_ID = re.compile(r"terminal-\d+")
"""Identifier that Textual computes from the whole content."""


@pytest.fixture
def tables(three_targets: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.chdir(three_targets.root)
    for number in range(1, 5):
        three_targets.table(number)
    return three_targets


async def _main(_: Screen) -> None:
    """Leave the screen as it opens."""


async def _statements(screen: Screen) -> None:
    await screen.press("2", "v", "v")
    await screen.until("create table t1")


async def _commands(screen: Screen) -> None:
    await screen.press("colon")
    await screen.until("apply-next")


async def _editor(screen: Screen) -> None:
    (screen.folder / "001_make_t1.sql").write_text(
        "BEGIN;\nCREATE TABLE t1 (name text DEFAULT 'a', n int);\n"
    )
    await screen.press("R", "i")
    await screen.until("2 problems")


@pytest.mark.parametrize(
    ("name", "theme", "way"),
    [
        ("main", "terminal", _main),
        ("main_dark", "dark", _main),
        ("main_light", "light", _main),
        ("statements", "terminal", _statements),
        ("commands", "dark", _commands),
        ("editor", "terminal", _editor),
    ],
)
async def test_screen_looks_like_its_picture(
    tables: Project, request: pytest.FixtureRequest, name: str, theme: str, way: Way
) -> None:
    terminal = Terminal() if theme == "terminal" else Terminal(theme=theme)
    async with tables.open((80, 24), terminal) as screen:
        await way(screen)
        path = PICTURES / f"{name}.svg"
        if request.config.getoption("golden") == "write":
            await screen.pilot.pause(0.5)
            path.write_text(_picture(screen), encoding="utf-8")
        wanted, end = path.read_text(encoding="utf-8"), monotonic() + PATIENCE
        while (seen := _picture(screen)) != wanted and monotonic() < end:
            await screen.pilot.step()
    assert seen == wanted, f"{name} looks different; --golden=write accepts it"


def _picture(screen: Screen) -> str:
    return _ID.sub("terminal", screen.app.export_screenshot(title="koonj"))
