"""The fields of dialogs: none takes what was typed before the dialog could be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import events

from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import READING, Dialog
from koonj.tui.screens.file_confirmation import FileConfirmation
from koonj.tui.screens.reason_dialog import ReasonDialog
from koonj.tui.screens.title_dialog import TitleDialog
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.widgets.dialog_field import DialogField
from koonj.tui.widgets.footer import BottomLine
from support.pilot import PatientPilot

EARLY = "Ignored: typed before this could be read. Type it now."


class Reason(ReasonDialog):
    def heading(self) -> str:
        return "Why?"

    def lines(self, width: int) -> Sequence[Line]:
        return ()


KINDS: dict[str, tuple[Callable[[], Dialog[Any]], str, str]] = {
    "rename": (lambda: TitleDialog("001_users.sql", b"", ""), "_9", "001_users_9.sql"),
    "reason": (Reason, "because", "because"),
    "confirmation": (lambda: FileConfirmation("Delete?", lambda width: (), "001"), "001", "001"),
}
"""Each kind: the dialog, what is typed, and what the result contains."""


@asynccontextmanager
async def opened(
    kind: str,
) -> AsyncIterator[tuple[PatientPilot, Dialog[Any], DialogField, list[Any]]]:
    """Yield a dialog that is not painted yet, its field, and its results."""
    app = KeyedApp()
    async with app.run_test():
        pilot = PatientPilot(app)
        results: list[Any] = []
        dialog = KINDS[kind][0]()
        await app.push_screen(dialog, results.append)
        while dialog.painted_for() == 0:
            await pilot.pause()
        dialog._painted = None
        yield pilot, dialog, dialog.query_one(DialogField), results


def notice(dialog: Dialog[Any]) -> str:
    shown = dialog.query_one("#keys", BottomLine).notice
    return shown[0] if shown else ""


def readable(dialog: Dialog[Any]) -> None:
    """As if the dialog was visible for longer than the user needs to read it."""
    dialog._record_paint()
    assert dialog._painted is not None
    dialog._painted -= READING


@pytest.mark.parametrize("kind", KINDS)
async def test_early_text_is_dropped_and_later_text_is_taken(kind: str) -> None:
    _, typed, result = KINDS[kind]
    async with opened(kind) as (pilot, dialog, field, results):
        assert field.has_focus
        before = field.value
        await pilot.press(*typed, "backspace", "enter")
        assert field.value == before
        assert notice(dialog) == EARLY
        field.post_message(events.Paste(typed))
        await pilot.pause()
        assert field.value == before
        assert results == []
        readable(dialog)
        await pilot.press(*typed)
        assert field.value == before + typed
        assert notice(dialog) == ""
        await pilot.press("enter")
        assert [result in str(one) for one in results] == [True]


@pytest.mark.parametrize("kind", KINDS)
async def test_pasted_text_is_taken_when_the_dialog_can_be_read(kind: str) -> None:
    async with opened(kind) as (pilot, dialog, field, _):
        readable(dialog)
        before = field.value
        field.post_message(events.Paste("x1"))
        await pilot.pause()
        assert field.value == before + "x1"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_cancel_key_closes_a_dialog_that_cannot_be_read_yet(kind: str, key: str) -> None:
    async with opened(kind) as (pilot, _, _, results):
        await pilot.press(key)
        assert results == [None]
