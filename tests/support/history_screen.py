"""The screen with the history of a target, in tests."""

from __future__ import annotations

from koonj.tui.screens.target_history import HistoryScreen
from koonj.tui.widgets.history_list import HistoryList
from support.screen import Screen


def history_list(screen: Screen) -> HistoryList:
    """Return the list of entries."""
    return screen.app.screen.query_one(HistoryList)


async def open_history(screen: Screen) -> None:
    """Press H, and wait until all entries are read."""
    await screen.press("H")
    await screen.until(
        lambda: isinstance(screen.app.screen, HistoryScreen) and bool(screen.app.screen.query(HistoryList))
    )
    await screen.until(lambda: history_list(screen).history.is_read)
