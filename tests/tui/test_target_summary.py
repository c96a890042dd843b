"""All targets in one line: at no width is one cut, and a protected one is the last to go."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.cells import cell_len

from koonj.config import Target
from koonj.postgres.server_info import ServerInfo
from koonj.runner.target.status import TargetStatus
from koonj.tui.render.target_bar import summary_of_targets
from koonj.tui.render.target_lines import short_line, target_lines
from koonj.tui.state.snapshot import Check
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.toolkit.strips import strip
from support.screen import Project

NAMES = ("local", "staging", "copy-of-staging", "production")
LINES = [summary_of_targets, short_line]


def check(name: str) -> Check:
    protected = name == "production"
    server = ServerInfo("18.6", 18, "app", "migrator", "localhost", 0.001)
    status = TargetStatus(name, "host=localhost", protected=protected, server=server)
    return Check(Target(name, "host=localhost", protected=protected), status)


CHECKS = tuple(map(check, NAMES))


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("width", range(37, 130))
def test_no_target_is_cut_and_those_left_out_are_counted(line: object, width: int) -> None:
    assert callable(line)
    text = "".join(text for text, _ in line(CHECKS, "local", width))
    assert cell_len(text) <= width
    assert "► local" in text
    assert "production ▴ protected" in text
    shown = sum(
        name in text.replace("copy-of-staging", "copy") for name in ("local", "staging", "production")
    )
    shown += "copy-of-staging" in text
    assert text.endswith(f"   +{4 - shown}") is (shown < 4)


def test_protection_stands_before_the_counts() -> None:
    text = "".join(text for text, _ in summary_of_targets(CHECKS, "local", 200))
    assert text.index("▴ protected") < text.index("0 applied", text.index("production"))


@pytest.mark.parametrize("width", range(30, 130))
def test_list_without_fills_says_protected_or_has_its_sign_at_every_width(width: int) -> None:
    rows = target_lines(CHECKS, "local", width)
    lines = [strip(row, width).text for row in rows]
    assert [
        name for name, line in zip(NAMES, lines, strict=True) if "▴" in line or "  protected" in line
    ] == ["production"]


@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_collapsed_line_has_the_protected_target_at_80_columns(
    three_targets: Project, theme: str
) -> None:
    first, second, last = three_targets.targets
    more = tuple(replace(second, name=f"staging-{n}") for n in range(3))
    three_targets.targets = (first, *more, last)
    async with three_targets.open((80, 24), Terminal(theme=theme)) as screen:
        await screen.until("▴ protected")
        (line,) = (text for text in screen.lines() if "3 Targets" in text)
        assert "local" in line
        assert "production ▴ protected" in line
        assert "   +1 " in line or "   +2 " in line
        assert "…" not in line
