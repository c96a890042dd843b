"""The targets in dark and light: a bar with a cell for each migration, numbers, protection, facts."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.config import Target
from koonj.migrations.history_entry import Action, Outcome
from koonj.runner.target.status import TargetStatus
from koonj.tui.render.target_bar import bar, scaled
from koonj.tui.render.target_past import past_facts
from koonj.tui.state.snapshot import Check
from koonj.tui.theme import BAD, GOOD, WAITING
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.widgets.target_list import TargetList
from support.looks import look_of
from support.recorded_rehearsals import RecordedRehearsals
from support.screen import Project, Screen, apply
from tui.test_drift import DEFAULT, INDEX, drift
from tui.test_target_history import ENTRY

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
        assert all(label in facts for label in ("server ", "database ", "limits "))
        assert "dsn " not in facts, "it says no more than server and database"
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


WIDE = (200, 50)


def _cards(screen: Screen) -> list[str]:
    """Return the lines of the targets' pane, which is at the right, without its border."""
    return [line[-40:-2].rstrip() for line in screen.lines()[2:24]]


async def test_wide_screen_has_a_card_for_each_target(three_targets: Project) -> None:
    for number in (1, 2, 3):
        three_targets.table(number)
    async with three_targets.open(WIDE, DARK) as screen:
        await apply(screen)
        targets = screen.main.query_one(TargetList)
        assert targets.outer_size.width == 42
        assert targets.region.right == WIDE[0]
        lines = _cards(screen)
        assert lines[0] == "► ● local"
        assert lines[1] == "    ━━━                      3 applied"
        assert [line.split()[0] for line in lines[2:5]] == ["server", "host", "database"]
        assert re.fullmatch(r" {4}last run {3}✓ 003 applied \d\d:\d\d:\d\d", lines[5])
        assert lines[6] == "    drift      not compared"
        assert lines[7] == ""
        assert lines[8] == "  ● staging"
        assert lines[9] == "    ───                      3 pending"
        assert lines[13:15] == ["    last run   none", "    drift      not compared"]
        assert lines[16].split() == ["×", "production", "▴", "protected"]
        assert lines[17].strip() == "unreachable"
        assert "connection" in lines[18]
        assert "last run" not in " ".join(lines[16:]), "it has not answered: nothing is known"
        assert look_of(screen.app, "▴ protected") == ("error", "error-tint", True)
        assert look_of(screen.app, "production", 18)[0] == "error"
        await screen.press("3", "j")
        assert targets.current.target.name == "staging"
        assert look_of(screen.app, "▌  ● staging") == ("accent", "selected", False)
        await screen.press("enter")
        await screen.until("► ● staging")
        await screen.pilot.click(targets, offset=(10, 3))
        assert targets.current.target.name == "local"
        await screen.pilot.click(targets, offset=(10, 8))
        assert targets.current.target.name == "local", "the blank line between two cards selects nothing"


async def test_card_says_the_last_comparison_until_something_has_run(
    three_targets: Project, recorded: RecordedRehearsals
) -> None:
    three_targets.table(1)
    async with three_targets.open(WIDE, DARK, program=recorded.program) as screen:
        for differences, words in (
            ((INDEX, DEFAULT), "~ 2 objects differ"),
            ((INDEX,), "~ 1 object differs"),
            ((), "✓ none"),
        ):
            found = drift(*differences)
            found["drift"]["at"] = "2001-02-03T04:05:06+00:00"
            recorded.set_drift(found)
            await _compare(screen)
            await screen.until(f"drift      {words}")
        assert screen.text().count("not compared") == 1, "the other target that has answered"
        await apply(screen)
        await screen.until("drift      not compared since")


async def _compare(screen: Screen) -> None:
    await screen.press("D")
    await screen.until("compared with its applied migrations")
    await screen.until(lambda: "objects of" in screen.text())
    await screen.press("escape")


@pytest.mark.parametrize(
    ("action", "outcome", "words"),
    [
        (Action.APPLY, Outcome.DONE, "✓ 015 applied"),
        (Action.ROLLBACK, Outcome.DONE, "◦ 015 rolled back"),
        (Action.ADOPT, Outcome.DONE, "✦ 015 adopted"),
        (Action.APPLY, Outcome.FAILED, "✗ 015 failed"),
        (Action.ROLLBACK, Outcome.FAILED, "✗ 015 rollback failed"),
        (Action.APPLY, Outcome.STARTED, "! 015 has no recorded end"),
    ],
)
def test_last_run_is_said_by_the_history(action: Action, outcome: Outcome, words: str) -> None:
    entry = replace(ENTRY, name="015_add_a.sql", action=action, outcome=outcome, finished=None)
    status = TargetStatus("local", "", protected=False, server=None, last_run=entry)
    label, parts, at = next(past_facts(Check(Target("local", ""), status)))
    assert (label, "".join(text for text, _ in parts)) == ("last run", words)
    assert at
    unread = replace(status, error="the connection was lost")
    assert list(past_facts(Check(Target("local", ""), unread))) == []


async def test_many_cards_have_the_facts_of_the_current_one_below_a_rule(three_targets: Project) -> None:
    first, second, _ = three_targets.targets
    three_targets.targets = (first, *(replace(second, name=f"copy{n}") for n in range(1, 7)))
    three_targets.table(1)
    async with three_targets.open((160, 44), DARK) as screen:
        lines = _cards(screen)
        assert [line.split()[-1] for line in lines[0:14:2]] == ["local", *(f"copy{n}" for n in range(1, 7))]
        assert set(lines[14].strip()) == {"─"}
        assert [line.split()[0] for line in lines[15:18]] == ["server", "database", "limits"]
        await screen.press("3", "G")
        assert screen.main.query_one(TargetList).current.target.name == "copy6"
        assert look_of(screen.app, "▌  ● copy6") == ("accent", "selected", False)
