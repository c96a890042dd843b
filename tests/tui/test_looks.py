"""Hierarchy of looks in dark and light: exceptions are loud, the rest is quiet, production is unmistakable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from koonj.config import Target
from koonj.tui.render.badges import Badge, fit_badges
from koonj.tui.render.gauge import with_gauge
from koonj.tui.render.target_tone import target_sign, target_tone
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.capabilities import Terminal
from support.looks import look_of
from support.screen import Project, apply

DARK = Terminal(theme="dark")
THEMES = ["dark", "light"]


def _texts(room: int, *found: Badge, quiet: str = "") -> list[str]:
    return [text for text, _ in fit_badges(found, quiet, room) if text.strip()]


class TestBadges:
    FAILED, LOSSY, PENDING = (
        Badge("✗ 1 failed", "error"),
        Badge("◕ 1 lossy", "warn", spare=True),
        Badge("◦ 4 pending", "warn"),
    )

    def test_all_are_shown_in_their_order_if_they_fit(self) -> None:
        found = _texts(60, self.FAILED, self.LOSSY, self.PENDING, quiet="✓ 9 applied")
        assert found == [" ✗ 1 failed ", " ◕ 1 lossy ", " ◦ 4 pending ", "✓ 9 applied"]

    def test_verdicts_go_before_numbers_and_the_worst_stays(self) -> None:
        assert _texts(30, self.FAILED, self.LOSSY, self.PENDING) == [" ✗ 1 failed ", " ◦ 4 pending "]
        assert _texts(14, self.FAILED, self.LOSSY, self.PENDING) == [" ✗ 1 failed "]
        assert _texts(8, self.FAILED, self.LOSSY, self.PENDING) == [" ✗ 1 … "]

    def test_reason_is_shown_where_there_is_room(self) -> None:
        lost = Badge("× unreachable", "error", "connection refused by db.internal")
        assert _texts(60, lost) == [" × unreachable ", "connection refused by db.internal  "]
        assert _texts(36, lost) == [" × unreachable ", "connection refuse…  "]
        assert _texts(20, lost) == [" × unreachable "]


class TestGauge:
    @pytest.mark.parametrize(
        ("plain", "gauge"),
        [
            (" [####----] ", " ━━━━╸───── "),
            (" [--------] ", " ────────── "),
            (" [########] ", " ━━━━━━━━━━ "),
            ("no bar", "no bar"),
            ("[]", "[]"),
        ],
    )
    def test_bar_is_drawn_with_lines_of_the_same_width(self, plain: str, gauge: str) -> None:
        assert "".join(text for text, _ in with_gauge([(plain, PLAIN)])) == gauge


class TestTone:
    def test_protected_target_has_the_colour_and_the_sign_of_danger(self) -> None:
        target = Target("production", "", protected=True)
        assert (target_tone(target), target_sign(target)) == ("error", "▴")
        assert target_tone(replace(target, colour="magenta")) == "alert"

    def test_other_target_has_the_accent_or_its_own_colour(self) -> None:
        assert (target_tone(Target("local", "")), target_sign(Target("local", ""))) == ("accent", "►")
        assert target_tone(Target("staging", "", colour="yellow")) == "warn"


@pytest.mark.parametrize("theme", THEMES)
async def test_what_is_in_order_is_quiet_and_the_rest_is_loud(project: Project, theme: str) -> None:
    for number in (1, 2):
        project.table(number)
    async with project.open((100, 24), Terminal(theme=theme)) as screen:
        await apply(screen)
        edited = screen.folder / "001_make_t1.sql"
        edited.write_text(edited.read_text().replace("id int", "id bigint"))
        project.table(3)
        await screen.press("R")
        await screen.until("✎ edited")
        screen.main.migrations.go_to(1)
        await screen.until("002_make_t2.sql")
        await screen.until(lambda: "pending" in screen.row("make_t3"))
        rows = {
            part: next(y for y, line in enumerate(screen.lines()) if part in line[:45])
            for part in ("001", "002", "003")
        }
        app = screen.app
        assert look_of(app, "make_t1", rows["001"]) == ("text", "background", True)
        assert look_of(app, "✎ edited", rows["001"]) == ("error", "background", True)
        assert look_of(app, "edited", rows["001"]) == ("error", "background", True)
        assert look_of(app, "▌", rows["002"]) == ("accent", "selected", False)
        assert look_of(app, "✓ applied", rows["002"]) == ("ok", "selected", False)
        assert look_of(app, "applied", rows["002"]) == ("muted", "selected", False)
        assert look_of(app, "make_t3", rows["003"]) == ("text", "background", True)
        assert look_of(app, "pending", rows["003"]) == ("warn", "background", False)
        await screen.press("2")
        assert look_of(app, "▌", rows["002"])[:2] == ("muted", "raised")
        assert look_of(app, " ✎ 1 edited ", 0) == ("error", "error-tint", True)
        assert look_of(app, " ◦ 1 pending ", 0) == ("warn", "warn-tint", True)
        assert look_of(app, "✓ 2 applied", 0) == ("muted", "surface", False)


@pytest.mark.parametrize("theme", THEMES)
async def test_protected_target_is_unmistakable(protected: Project, theme: str) -> None:
    protected.table(1)
    async with protected.open((100, 24), Terminal(theme=theme)) as screen:
        app = screen.app
        assert look_of(app, " ▴ production ", 0) == ("background", "error", True)
        assert look_of(app, "PROTECTED", 0) == ("error", "danger", True)
        assert look_of(app, "koonj", 0) == ("text", "danger", True)
        last = len(screen.lines()) - 1
        for key in ("a apply", "A all"):
            assert look_of(app, key, last) == ("error", "surface", True)
        assert look_of(app, "n new", last) == ("accent", "surface", True)


async def test_ordinary_target_has_no_sign_of_danger(tables: Project) -> None:
    async with tables.open((100, 24), DARK) as screen:
        app = screen.app
        assert look_of(app, " ► local ", 0) == ("background", "accent", True)
        assert look_of(app, "koonj", 0)[1] == "surface"
        assert look_of(app, "a apply", 23) == ("accent", "surface", True)


async def test_click_on_a_key_behind_the_line_runs_its_command(tables: Project) -> None:
    async with tables.open((100, 24), DARK) as screen:
        column = screen.bottom().index("│ n new")
        assert column > 0
        await screen.pilot.click(offset=(column + 3, 23))
        await screen.until("Tables")


async def test_change_of_theme_changes_the_row_of_the_cursor(tables: Project) -> None:
    async with tables.open((100, 24), DARK) as screen:
        await screen.until("▌001")
        screen.main.action_command("theme")
        screen.main.action_command("theme")
        await screen.until("›001")
        assert "▌" not in screen.text()
