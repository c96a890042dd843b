"""A test that holds a handler of the screen can wait for what the handler does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from textual.app import App
from textual.pilot import WaitForScreenTimeout
from textual.strip import Strip
from textual.widgets import Static

from koonj.tui.widgets.pane import Pane
from support import pilot as pilot_module
from support.pilot import PatientPilot
from support.screen import Project


class Holding(App[None]):
    """An app with a widget that waits until the test lets it go on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.released, self.done = asyncio.Event(), asyncio.Event(), False
        self.widget = Static()

    def compose(self) -> Iterator[Static]:
        yield self.widget

    async def hold(self) -> None:
        self.begun.set()
        await self.released.wait()
        self.done = True


@pytest.fixture
async def held(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Holding, PatientPilot]]:
    """An app in a handler that does not end, and its pilot."""
    monkeypatch.setattr(pilot_module, "HELD", 0.01)
    app = Holding()
    async with app.run_test():
        app.widget.call_later(app.hold)
        await app.begun.wait()
        yield app, PatientPilot(app)
        app.released.set()


async def test_a_wait_goes_on_while_a_handler_is_held(held: tuple[Holding, PatientPilot]) -> None:
    app, pilot = held
    for _ in range(3):
        await pilot.step()
    assert not app.done
    app.released.set()
    while not app.done:
        await pilot.step()


async def test_a_step_waits_for_what_was_sent_before(held: tuple[Holding, PatientPilot]) -> None:
    app, pilot = held
    pilot_module.HELD = pilot_module.PATIENCE
    step = asyncio.create_task(pilot.step())
    await asyncio.sleep(3 * pilot_module.STEP)
    assert not step.done()
    app.released.set()
    await step
    assert app.done


async def test_a_key_waits_as_long_as_its_handler_and_then_fails(held: tuple[Holding, PatientPilot]) -> None:
    _, pilot = held
    with pytest.raises(WaitForScreenTimeout):
        await pilot._wait_for_screen(0.01)


async def test_a_wait_for_the_screen_ends_when_koonj_closes(held: tuple[Holding, PatientPilot]) -> None:
    app, pilot = held
    pause = asyncio.create_task(pilot.pause())
    await asyncio.sleep(0)
    app.exit()
    await pause
    assert not app.done


async def test_what_cannot_be_drawn_after_a_key_fails_the_test(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Strip:
        raise ArithmeticError

    project.table(1)
    project.table(2)
    async with project.open() as screen:
        with monkeypatch.context() as patch:
            patch.setattr(Pane, "render_line", broken)
            with pytest.raises(ArithmeticError):
                await screen.press("j")
