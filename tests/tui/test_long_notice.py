"""A message of the last line is shown whole: it takes more lines if it does not fit."""

from __future__ import annotations

from functools import partial

import pytest

from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets.footer import BottomLine
from support.screen import Project

LONG = "The file was saved, but " + "a word " * 12 + "and here is the end."


def has_height(line: BottomLine, height: int) -> bool:
    return line.size.height == height


@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_message_that_does_not_fit_takes_more_lines(project: Project, theme: str) -> None:
    project.table(1)
    async with project.open((80, 24), Terminal(theme=theme)) as screen:
        line = screen.main.query_one(BottomLine)
        for text, height, end in (
            (LONG, 2, "and here is the end."),
            ("Short.", 1, "Short."),
            ("a word " * 200, 3, "…"),
        ):
            line.notice = (text, True)
            await screen.until(partial(has_height, line, height))
            shown = screen.lines()[-height:]
            assert shown[0].startswith(" ! ")
            assert " ".join(shown).rstrip().endswith(end)
            assert screen.main.panes[-1].region.bottom <= 24 - height
        await screen.press("escape")
        await screen.until(lambda: line.size.height == 1)
        assert "? help" in screen.bottom()
