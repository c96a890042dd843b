"""What the preview shows: the selected migration's text, read and formatted beside the screen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from koonj.migrations.migration import Migration
from koonj.sql.format import pretty
from koonj.tui.document import SMALL, document
from koonj.tui.model import Row
from koonj.tui.sql_text import SqlText

if TYPE_CHECKING:
    from koonj.tui.screens.main import Main


class Shown:
    """Brings the selected migration into the preview."""

    def __init__(self, screen: Main) -> None:
        self._screen = screen
        self._migration: Migration | None = None

    def show(self, row: Row | None) -> None:
        """Show `row`; a file that did not change is not read again."""
        preview = self._screen.preview
        preview.row = row
        if row is None:
            self._migration = preview.document = None
        elif row.migration is None:
            self._show_recorded(row)
        elif row.migration is not self._migration or preview.document is None:
            self._show_file(row.migration)

    def _show_file(self, migration: Migration) -> None:
        self._migration = migration
        if len(migration.raw) <= SMALL:
            self._screen.preview.document = document(migration)
        else:
            self._screen.run_worker(self._read(migration), group="preview", exclusive=True)

    async def _read(self, migration: Migration) -> None:
        read = await asyncio.to_thread(document, migration)
        if migration is self._migration:
            self._screen.preview.document = read

    def _show_recorded(self, row: Row) -> None:
        """The file is gone: history has its text."""
        shown = self._screen.preview.document
        if shown is not None and shown.name == row.name:
            return
        self._migration = None
        act = row.entry.act if row.entry else None
        if act is not None:
            self._screen.run_worker(self._recall(row.name, act.id), group="preview", exclusive=True)

    async def _recall(self, name: str, act_id: int) -> None:
        try:
            text = await self._screen.engine.recorded_text(self._screen.snapshot.target, act_id)
        except Exception as error:  # whatever a target that left raises must not take the screen along
            self._screen.say(f"The text that history recorded cannot be read: {error}")
            return
        selected = self._screen.selected
        if text is not None and selected is not None and selected.name == name:
            read = await asyncio.to_thread(document, Migration.from_recorded(name, text))
            self._screen.preview.document = read

    def toggle_format(self) -> None:
        """Formatted, or as it stands."""
        preview = self._screen.preview
        if preview.formatted is not None:
            preview.formatted = None
        elif preview.shown is not None:
            self._screen.run_worker(self._format(preview.shown), group="format", exclusive=True)

    async def _format(self, sql: SqlText) -> None:
        text = await asyncio.to_thread(pretty, sql.text)
        if self._screen.preview.shown is sql:
            self._screen.preview.formatted = SqlText(text)
