"""The dialog that shows a plan, in tests of the screen."""

from __future__ import annotations

from koonj.tui.screens.confirm_dialog import ConfirmDialog
from koonj.tui.toolkit.key_presses import REPEAT_PAUSE
from support.screen import Screen


async def expect_plan(screen: Screen, *parts: str) -> ConfirmDialog:
    """Wait for a plan with these texts that accepts keys."""
    await screen.until(lambda: isinstance(screen.app.screen, ConfirmDialog))
    await screen.expect_dialog(*parts)
    screen.later(REPEAT_PAUSE)
    dialog = screen.app.screen
    assert isinstance(dialog, ConfirmDialog)
    return dialog


async def plan_again(screen: Screen, key: str, *parts: str) -> ConfirmDialog:
    """Press a key of the plan, and wait for the next plan, which has these texts."""
    before = screen.app.screen
    await screen.press(key)
    await screen.until(lambda: screen.app.screen is not before)
    return await expect_plan(screen, *parts)
