"""A target whose password a command brings: when the screen runs the command, and how old the pane says it is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from koonj.config import Password, Target
from koonj.tui.render import target_lines
from koonj.tui.render.target_facts import card_facts, target_facts
from koonj.tui.state.snapshot import Check
from koonj.tui.toolkit.strips import Part
from koonj.tui.widgets import target_list
from koonj.tui.workers import backend, watcher
from support.screen import Project
from tui.test_target_lines import check

NOON = 1_700_000_000.0


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "TARGET_INTERVAL", 0.1)
    monkeypatch.setattr(watcher, "INTERVAL_FACTOR", 1)
    monkeypatch.setattr(backend, "KEPT_SECONDS", 0.0)


def with_command(target: Target, count: Path, *, asks: bool | None = None, more: str = "") -> Target:
    password = Password("command", f"echo x >> {count}; {more} echo secret", lifetime=0.0, asks=asks)
    return replace(target, password=password)


def runs(count: Path) -> int:
    return len(count.read_text().splitlines()) if count.exists() else 0


async def test_command_that_can_ask_runs_for_the_key_only(project: Project, tmp_path: Path) -> None:
    """The folder is read again and again meanwhile, and so would the target be."""
    count = tmp_path / "count"
    project.targets = (with_command(project.targets[0], count),)
    async with project.open((120, 30)) as screen:
        await screen.until("asked just now")
        at_start = runs(count)
        reads = [0]
        own = screen.main.watcher._pause

        def pause() -> float:
            reads[0] += 1
            return own()

        screen.main.watcher._pause = pause  # type: ignore[method-assign]
        await screen.until(lambda: reads[0] > 3)
        assert runs(count) == at_start == 1
        await screen.press("R")
        await screen.until(lambda: runs(count) > at_start)


async def test_command_that_never_asks_is_run_by_itself(project: Project, tmp_path: Path) -> None:
    count = tmp_path / "count"
    project.targets = (with_command(project.targets[0], count, asks=False),)
    async with project.open((120, 30)) as screen:
        await screen.until(lambda: runs(count) > 2)
        assert "asked" not in "\n".join(screen.targets())


async def test_command_has_its_own_limit_on_the_screen(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not that of a server, which would end a command that waits for the user."""
    monkeypatch.setattr(watcher, "STATUS_TIMEOUT", -1.0)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    password = Password("command", f"cat {gate}")
    project.targets = (replace(project.targets[0], password=password),)
    async with project.open((120, 30), answered=False) as screen:
        await screen.until("connecting")
        await asyncio.to_thread(gate.write_text, "secret\n")  # waits for the command to read
        await screen.until("asked just now")
        assert "no answer" not in screen.text()


def asked(problem: bool = False, *, asks: bool | None = None, since: float | None = None) -> Check:
    one = check("production")
    if problem:
        assert one.status is not None
        one = replace(one, status=replace(one.status, error="gone", server=None))
    password = Password("command", "x", asks=asks)
    return replace(one, target=replace(one.target, password=password), read_at=NOON, since=since)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_lines, "now", lambda: NOON + 750)


def text_of(lines: Sequence[Sequence[Part]]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize("problem", [False, True])
def test_every_form_of_the_pane_says_how_old_a_target_is(problem: bool) -> None:
    one = asked(problem)
    assert "asked 12 min ago" in text_of(target_lines.target_lines((one,), "production", 140))
    assert "asked      12 min ago" in text_of(target_facts(one, 60))
    assert "asked      12 min ago" in text_of(card_facts(one, 44, past=False))
    if not problem:
        assert "   asked 12 min ago" in [text for text, _ in target_lines.detail_lines(one, 60)]


@pytest.mark.usefixtures("later")
@pytest.mark.parametrize(
    "one",
    [
        asked(asks=False),
        replace(asked(), target=Target("t", "host=localhost")),
        replace(asked(), read_at=None),
    ],
)
def test_target_that_koonj_reads_by_itself_says_nothing(one: Check) -> None:
    for lines in (target_lines.target_lines((one,), "production", 140), target_facts(one, 60)):
        assert "asked" not in text_of(lines)


@pytest.mark.usefixtures("later")
def test_target_that_is_being_asked_says_that() -> None:
    text = text_of(target_lines.target_lines((asked(since=1.0),), "production", 140))
    assert "refreshing" in text
    assert "asked" not in text


async def test_pane_grows_older_by_itself(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target_list, "_AGEING", 0.05)
    project.targets = (with_command(project.targets[0], tmp_path / "count"),)
    async with project.open((120, 30)) as screen:
        await screen.until("asked just now")
        read_at = screen.main.snapshot.check.read_at
        assert read_at is not None
        monkeypatch.setattr(target_lines, "now", lambda: read_at + 750)
        await screen.until("asked 12 min ago")
