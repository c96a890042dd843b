"""What history and rehearsals tell of the selected migration: made when the tab is shown that has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from textual.screen import Screen

from koonj.config import Target
from koonj.humanize import span_words
from koonj.migrations.history_entry import HistoryEntry, Outcome
from koonj.migrations.states import State
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.tui.documents.text_diff import change
from koonj.tui.render.act_text import entry_words
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.preview import Preview
from koonj.tui.widgets.preview.changes import ChangeSheet
from koonj.tui.widgets.preview.history import HistorySheet
from koonj.tui.widgets.preview.rehearsal import RehearsalSheet
from koonj.tui.widgets.preview.tab_content import Sheet, TextSheet
from koonj.tui.widgets.preview.tabs import Tab
from koonj.tui.workers.backend import Backend

_PATIENCE = 20.0
"""Seconds that the target has for its answer."""

Read = Callable[[], Coroutine[Any, Any, Sheet]]


class PreviewRecords:
    """Brings entries and changes into the preview; again when file or history may be others."""

    def __init__(self, screen: Screen[None], engine: Backend, snapshot: Callable[[], Snapshot]) -> None:
        """`screen` has the preview, and ends all work with itself."""
        self._screen = screen
        self._engine = engine
        self._snapshot = snapshot
        self._key: tuple[object, ...] = ()
        """What the sheet was, or is being, made of."""

    @property
    def _preview(self) -> Preview:
        return self._screen.query_one(Preview)

    def show(self, row: Row | None) -> None:
        """Show what the tab wants to know of `row`; what cannot have changed is not asked again."""
        preview = self._preview
        key, read = self._wanted(row)
        if _same(key, self._key):
            return
        if key[:3] != self._key[:3]:
            preview.told = None  # of another migration, target or tab
        self._key = key
        if read is None or preview.nothing_in(preview.tab):
            self._screen.workers.cancel_group(self._screen, "told")
            preview.told = None
        else:
            start_task(self._screen, partial(self._bring, key, read), "told", exclusive=True)

    def _wanted(self, row: Row | None) -> tuple[tuple[object, ...], Read | None]:
        tab, check = self._preview.tab, self._snapshot().check
        if row is None or tab not in {Tab.CHANGES, Tab.REHEARSAL, Tab.HISTORY}:
            return (tab,), None
        target = check.target
        if tab is Tab.REHEARSAL:
            found = self._snapshot().rehearsals.known.get(row.name)
            notes = self._notes(found) if found else ""
            return (tab, row.name, target.name, found, notes), (
                partial(self._rehearsal, found, notes) if found else None
            )
        if tab is Tab.HISTORY:
            # Whatever the target says anew, even the same, is a reason to read again.
            return (tab, row.name, target.name, check.status), partial(self._history, target, row.name)
        entry = row.status.last_entry if row.status else None
        read = partial(self._changes, target, row, entry) if entry and row.migration else None
        file_hash = row.migration.file_hash if row.migration else None
        return (tab, row.name, target.name, entry, row.state, file_hash, check.answered), read

    async def _bring(self, key: tuple[object, ...], read: Read) -> None:
        preview = self._preview  # which is gone where the screen is left before the answer comes
        try:
            async with asyncio.timeout(_PATIENCE):
                sheet = await read()
        except TimeoutError:
            sheet = TextSheet(f"No answer within {span_words(_PATIENCE)}. {preview.key_now('R')} asks again.")
            self._key = ()
        except Exception as error:  # whatever a target that left raises must not take the screen along
            hint = getattr(error, "hint", None)
            sheet = TextSheet(f"It cannot be read: {error}", *([hint] if hint else []))
        if self._key in (key, ()):
            preview.told = sheet

    async def _history(self, target: Target, name: str) -> Sheet:
        entries = await self._engine.history(target, name)
        return (
            HistorySheet(entries)
            if entries
            else TextSheet(f"No entry on {name} is recorded on {target.name}.")
        )

    async def _rehearsal(self, found: Rehearsal, notes: str) -> Sheet:
        width = self._preview.size.width
        return await asyncio.to_thread(RehearsalSheet, found, notes.splitlines(), width)

    def _notes(self, found: Rehearsal) -> str:
        """What else there is to know of where it took place, a line each."""
        check, notes = self._snapshot().check, self._snapshot().rehearsals.notes
        server = check.status.server if check.status else None
        if not notes and server is not None and server.major != found.major:
            notes = (f"{check.target.name} is PostgreSQL {server.major}: locks and DDL may differ there.",)
        return "\n".join(notes)

    async def _changes(self, target: Target, row: Row, entry: HistoryEntry) -> Sheet:
        assert row.migration is not None
        ran = await self._engine.recorded_text(target, entry.id)
        if ran is None:
            return TextSheet(f"The text that ran is not in the history of {target.name} any more.")
        text = await asyncio.to_thread(getattr, row.migration, "text")
        return ChangeSheet(_meaning(row, entry), await asyncio.to_thread(change, ran, text))


def _same(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    """Statuses are told apart by what they are, not by what they say: that may be ten thousand entries."""
    return len(new) == len(old) and all(map(_alike, new, old))


def _alike(new: object, old: object) -> bool:
    return new is old or (isinstance(new, str | HistoryEntry | bool) and new == old)


def _meaning(row: Row, entry: HistoryEntry) -> str:
    """What the difference is, in words."""
    since = entry_words(entry)
    if entry.outcome is not Outcome.DONE:
        return f"The file was changed since: {since}."
    if row.status is not None and row.status.allowed:
        return f"The file is not the text that ran, and was allowed as it is: {since}."
    return f"{_MEANINGS.get(row.state, 'The file is not the text that ran')}: {since}."


_MEANINGS: Mapping[State | None, str] = {
    State.EDITED: "The statements were changed after it ran",
    State.COSMETIC: "Only comments, white space or line ends were changed after it ran, no statement",
    State.ROLLBACK_EDITED: "Only the rollback was changed after it ran, no statement",
}
