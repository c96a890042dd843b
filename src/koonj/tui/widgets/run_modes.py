"""How the migrations of the visible rows run: in one transaction, in several, or outside one.

Only their text says it, so it is parsed in a thread, and the row is drawn again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.widget import Widget

from koonj.migrations.migration import Migration
from koonj.tui.state.snapshot import Row
from koonj.tui.toolkit.tasks import start_task

LARGEST = 256 * 1024
"""Bytes of a file that is parsed for its row; a larger one has no word."""


class RunModes:
    """The words of the column ``runs`` for one list."""

    def __init__(self, widget: Widget, redraw: Callable[[str], None]) -> None:
        """`redraw` is called with the file name of a migration whose word is known now."""
        self._widget = widget
        self._redraw = redraw
        self._words: dict[str, str] = {}
        """The words by hash of the file: an edited file has another."""
        self._asked: dict[str, Migration] = {}
        """Migrations whose rows were drawn without the word, by hash of the file."""

    @property
    def is_reading(self) -> bool:
        """Whether a word is being found."""
        return bool(self._asked)

    def word(self, row: Row) -> str:
        """Return the word of a row: empty if there is none, or until it is known."""
        migration = row.migration
        if migration is None:
            return ""
        known = self._words.get(migration.file_hash)
        if known is not None:
            return known
        if len(migration.raw) <= LARGEST:
            if not self._asked:
                start_task(self._widget, self._read, "run modes", exclusive=True)
            self._asked[migration.file_hash] = migration
        return ""

    async def _read(self) -> None:
        while self._asked:
            migration = next(iter(self._asked.values()))
            self._words[migration.file_hash] = await asyncio.to_thread(_parsed_word, migration)
            del self._asked[migration.file_hash]
            self._redraw(migration.name)


def _parsed_word(migration: Migration) -> str:
    """Return the word. What was parsed for it is not kept: a list can have thousands of rows."""
    return migration.fresh().run_mode
