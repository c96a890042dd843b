"""The targets in dark and light: a bar with a cell for each migration, numbers, protection, facts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.tui.render.target_bar import bar, scaled
from koonj.tui.theme import BAD, GOOD, WAITING
from koonj.tui.toolkit.capabilities import Terminal
from support.looks import look_of
from support.screen import Project, apply

DARK = Terminal(theme="dark")
SIZE = (120, 36)


class TestBar:
    @given(st.lists(st.integers(1, 100_000), min_size=1, max_size=9), st.integers(0, 60))
    def test_cells_are_as_many_as_asked_and_each_share_is_seen(self, numbers: list[int], width: int) -> None:
        cells = scaled(numbers, width)
        assert sum(cells) == min(width, sum(numbers))
        if width >= len(numbers):
            assert all(cells)
        assert cells[-1] >= min(1, width)

    def test_few_migrations_have_a_cell_each(self) -> None:
        found = bar([(3, "━", GOOD), (1, "─", WAITING), (1, "✗", BAD)], 20)
        assert "".join(text for text, _ in found) == "━━━─✗"

    def test_many_are_scaled_and_a_single_one_stays(self) -> None:
        found = bar([(998, "━", GOOD), (1, "─", WAITING), (1, "✗", BAD)], 10)
        assert "".join(text for text, _ in found) == "━━━━━━━━─✗"


async def test_target_has_a_bar_its_numbers_and_facts(tables: Project) -> None:
    async with tables.open(SIZE, DARK) as screen:
        await apply(screen)
        path = screen.folder / "002_make_t2.sql"
        path.write_text(path.read_text().replace("id int", "id bigint"))
        tables.table(4)
        await screen.press("R")
        await screen.until("✎ edited")
        await screen.until("━━─✎")
        app = screen.app
        line = next(y for y, text in enumerate(screen.lines()) if "━━─✎" in text)
        assert look_of(app, "━", line)[0] == "ok"
        assert look_of(app, "─✎", line)[0] == "warn"
        assert look_of(app, "✎", line)[0] == "error"
        assert look_of(app, "1 conflict", line) == ("error", "background", True)
        assert look_of(app, "1 pending", line)[0] == "warn"
        facts = "\n".join(screen.lines()[line + 1 : line + 7])
        assert all(label in facts for label in ("server ", "database ", "limits ", "dsn "))
        await screen.press("3")
        assert look_of(app, "▌► ● local") == ("accent", "selected", False)


@pytest.mark.parametrize("size", [SIZE, (80, 24)], ids=str)
async def test_protected_target_is_unmistakable_in_the_list(tables: Project, size: tuple[int, int]) -> None:
    first = tables.targets[0]
    tables.targets = (first, replace(first, name="production", protected=True))
    async with tables.open(size, DARK) as screen:
        app = screen.app
        line = next(y for y, text in enumerate(screen.lines()) if "production" in text)
        assert look_of(app, "production", line)[::2] == ("error", True)
        assert look_of(app, "▴ protected", line)[::2] == ("error", True)


async def test_unreachable_target_says_why(three_targets: Project) -> None:
    three_targets.table(1)
    async with three_targets.open(SIZE, DARK) as screen:
        line = next(y for y, text in enumerate(screen.lines()) if "× production" in text)
        assert "refused" in screen.lines()[line] or "unreachable" in screen.lines()[line]
        assert look_of(screen.app, "×", line)[0] == "error"


async def test_panes_without_borders_have_a_line_between_them(tables: Project) -> None:
    async with tables.open((80, 24), DARK) as screen:
        column = screen.lines()[1].index("┬")
        assert all(line[column] == "│" for line in screen.lines()[2:20] if len(line) > column)
        await screen.press("plus")
        await screen.until(lambda: "┬" not in screen.text())
