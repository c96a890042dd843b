"""When a key decides: each reason against it by itself, on a clock of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from textual import events
from textual.widgets import Input

from koonj.tui.render.run_lines import Line
from koonj.tui.screens import dialog as dialog_module
from koonj.tui.screens.dialog import QUIET, READING, TYPING, Dialog
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE, WORD_PAUSE
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.widgets.footer import BottomLine
from support.pilot import PatientPilot

IGNORED = "Ignored."


class Question(Dialog[str]):
    def heading(self) -> str:
        return "Question"

    def lines(self, width: int) -> Sequence[Line]:
        return ()


class Asked:
    """An open dialog, the clock that it reads, and what it has decided."""

    def __init__(self, app: KeyedApp, dialog: Question) -> None:
        self.app = app
        self.dialog = dialog
        self.now = 1000.0
        self.decided = 0
        self.waiting: list[Callable[[], None]] = []
        """What the dialog does after a quiet moment."""

    def timer(self, delay: float, callback: Callable[[], None]) -> None:
        assert delay == QUIET
        self.waiting.append(callback)

    def press(self, key: str, seconds: float = 0.0) -> events.Key:
        """Press a key so many seconds later."""
        self.now += seconds
        event = events.Key(key, key if len(key) == 1 else None)
        event.time = self.now
        self.app.key_presses.record(event)
        return event

    def decide(self, event: events.Key) -> None:
        def count() -> None:
            self.decided += 1

        self.dialog.decide(event, count, IGNORED)

    def pass_time(self, seconds: float = QUIET) -> None:
        """Let the quiet moment pass."""
        self.now += seconds
        waiting, self.waiting = self.waiting, []
        for callback in waiting:
            callback()

    @property
    def notice(self) -> str:
        notice = self.dialog.query_one("#keys", BottomLine).notice
        return notice[0] if notice else ""


@pytest.fixture
async def asked(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Asked]:
    """A dialog that was painted at second 1000."""
    app = KeyedApp()
    async with app.run_test():
        pilot = PatientPilot(app)
        dialog = Question()
        await app.push_screen(dialog)
        await pilot.pause()
        asked = Asked(app, dialog)
        monkeypatch.setattr(dialog_module, "monotonic", lambda: asked.now)
        monkeypatch.setattr(dialog, "set_timer", asked.timer)
        dialog._painted = asked.now
        yield asked


async def test_a_key_that_was_pressed_for_the_dialog_decides_after_a_quiet_moment(asked: Asked) -> None:
    asked.decide(asked.press("y", READING))
    assert asked.decided == 0
    asked.pass_time()
    assert (asked.decided, asked.notice) == (1, "")


async def test_a_key_before_the_text_could_be_read_does_not_decide(asked: Asked) -> None:
    asked.decide(asked.press("y", READING - 0.01))
    assert (asked.waiting, asked.notice) == ([], IGNORED)


async def test_a_key_before_the_dialog_was_painted_does_not_decide(asked: Asked) -> None:
    asked.dialog._painted = None
    asked.decide(asked.press("y", 60))
    assert (asked.waiting, asked.notice) == ([], IGNORED)


@pytest.mark.parametrize(("pause", "decides"), [(REPEAT_PAUSE - 0.01, False), (REPEAT_PAUSE + 0.01, True)])
async def test_a_key_that_may_be_held_down_does_not_decide(asked: Asked, pause: float, decides: bool) -> None:
    asked.press("y", 10)
    asked.decide(asked.press("y", pause))
    assert bool(asked.waiting) is decides
    assert asked.notice == ("" if decides else IGNORED)


@pytest.mark.parametrize(("pause", "decides"), [(WORD_PAUSE - 0.01, False), (WORD_PAUSE + 0.01, True)])
async def test_a_letter_of_a_word_does_not_decide(asked: Asked, pause: float, decides: bool) -> None:
    asked.press("e", 10)
    asked.decide(asked.press("y", pause))
    assert bool(asked.waiting) is decides
    assert asked.notice == ("" if decides else IGNORED)


async def test_a_key_that_is_no_letter_is_no_part_of_a_word(asked: Asked) -> None:
    asked.press("down", 10)
    asked.decide(asked.press("y", 0.01))
    asked.pass_time()
    assert asked.decided == 1


async def test_another_key_in_the_quiet_moment_takes_the_decision_back(asked: Asked) -> None:
    asked.decide(asked.press("y", 10))
    asked.press("y", QUIET / 2)
    asked.pass_time(QUIET / 2)
    assert (asked.decided, asked.waiting, asked.notice) == (0, [], IGNORED)


async def test_a_dialog_that_was_closed_in_the_quiet_moment_decides_nothing(asked: Asked) -> None:
    asked.decide(asked.press("y", 10))
    asked.dialog.dismiss(None)
    assert not asked.dialog.is_current
    asked.pass_time()
    assert asked.decided == 0


async def test_a_busy_program_waits_for_another_quiet_moment(asked: Asked) -> None:
    """A repeat of the key can be on its way while koonj was too busy to see it."""
    asked.decide(asked.press("y", 10))
    asked.pass_time(2 * QUIET + 0.01)
    assert (asked.decided, len(asked.waiting)) == (0, 1)
    asked.pass_time()
    assert asked.decided == 1


async def test_a_dialog_over_a_line_that_is_typed_in_takes_longer_to_notice() -> None:
    class Typing(KeyedApp):
        def compose(self) -> list[Input]:
            return [Input()]

    app = Typing()
    async with app.run_test():
        pilot = PatientPilot(app)
        app.query_one(Input).focus()
        await pilot.pause()
        dialog = Question()
        await app.push_screen(dialog)
        await pilot.pause()
        event = events.Key("y", "y")
        dialog._painted = event.time = 1000.0
        for pause, intended in ((READING + 0.01, False), (TYPING - 0.01, False), (TYPING, True)):
            event.time = 1000.0 + pause
            assert dialog.is_intended(event) is intended
