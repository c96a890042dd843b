"""The contents of the tabs Changes, Rehearsal and History, loaded when shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.screen import Screen

from koonj.config import Target
from koonj.humanize import span_words
from koonj.migrations.history_entry import HistoryEntry, Outcome
from koonj.migrations.states import State
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.sql.source import Source
from koonj.sql.text_diff import diff_texts
from koonj.tui.render.history_entry_text import entry_words
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.state.target_rows import TargetRows
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.preview import Preview
from koonj.tui.widgets.preview.changes_tab import ChangeSheet
from koonj.tui.widgets.preview.history_tab import HistorySheet
from koonj.tui.widgets.preview.rehearsal_tab import RehearsalSheet
from koonj.tui.widgets.preview.tab_content import Sheet, TextSheet
from koonj.tui.widgets.preview.tabs import Tab
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.row_answers import RowAnswers, RowQuestions

if TYPE_CHECKING:
    from koonj.migrations.migration import Migration
    from koonj.tui.toolkit.keyed_app import KeyedApp

_TIMEOUT = 20.0
"""Seconds to wait for the target."""

Read = Callable[[], AsyncIterator[Sheet]]
"""Yields what is known at once, then what was read."""


class PreviewRecords:
    """Loader of records of the selected migration for the preview.

    It loads them again if the file or the history can have changed.
    """

    def __init__(self, screen: Screen[None], backend: Backend, snapshot: Callable[[], Snapshot]) -> None:
        """`screen` has the preview; its workers end with it."""
        self._screen = screen
        self._backend = backend
        self._snapshot = snapshot
        self._answers = RowAnswers(backend)
        self._key: tuple[object, ...] = ()
        """Inputs of the tab contents that are shown or being loaded."""

    @property
    def _preview(self) -> Preview:
        return self._screen.query_one(Preview)

    def show(self, row: Row | None) -> None:
        """Show the records of `row` in the current tab. Does nothing if nothing changed."""
        preview = self._preview
        key, read = self._wanted(row)
        if _same(key, self._key):
            return
        if key[:3] != self._key[:3]:
            preview.record_sheet = None  # Another migration, target or tab.
        self._key = key
        if read is None or preview.empty_reason(preview.tab):
            self._screen.workers.cancel_group(self._screen, "records")
            preview.record_sheet = None
        else:
            start_task(self._screen, partial(self._bring, key, read), "records", exclusive=True)

    def _wanted(self, row: Row | None) -> tuple[tuple[object, ...], Read | None]:
        tab, check = self._preview.tab, self._snapshot().check
        if row is None or tab not in {Tab.CHANGES, Tab.REHEARSAL, Tab.HISTORY}:
            return (tab,), None
        target = check.target
        if tab is Tab.REHEARSAL:
            found = self._snapshot().rehearsals.results.get(row.name)
            if found is None:
                return (tab, row.name, target.name, found), None
            notes, failed = self._notes(found), self._failed(found)
            fills = cast("KeyedApp", self._screen.app).has_fills
            file_hash = failed.file_hash if failed else None
            questions = self._answers.questions(self._snapshot(), row)
            made = partial(self._rehearsal, found, notes, failed, questions, fills=fills)
            inputs = () if questions is None else questions.inputs
            return (tab, row.name, target.name, found, notes, file_hash, fills, *inputs), made
        if tab is Tab.HISTORY:
            # Each new response of the target is a reason to read again, even an equal one.
            return (tab, row.name, target.name, check.status), partial(self._history, target, row.name)
        entry = row.status.last_entry if row.status else None
        read = partial(self._changes, target, row, entry) if entry and row.migration else None
        file_hash = row.migration.file_hash if row.migration else None
        return (tab, row.name, target.name, entry, row.state, file_hash, check.answered), read

    async def _bring(self, key: tuple[object, ...], read: Read) -> None:
        preview = self._preview  # Before the wait: the screen can be closed during it.
        try:
            async with asyncio.timeout(_TIMEOUT):
                async for sheet in read():
                    if self._key == key:
                        preview.record_sheet = sheet
            return
        except TimeoutError:
            sheet = TextSheet(
                f"No response within {span_words(_TIMEOUT)}. To retry, press {preview.key_now('R')}."
            )
            self._key = ()
        except Exception as error:  # An error of a lost target must not end the screen.
            hint = getattr(error, "hint", None)
            sheet = TextSheet(f"koonj could not read this: {error}", *([hint] if hint else []))
        if self._key in (key, ()):
            preview.record_sheet = sheet

    async def _history(self, target: Target, name: str) -> AsyncIterator[Sheet]:
        entries = await self._backend.history(target, name)
        yield (
            HistorySheet(entries)
            if entries
            else TextSheet(f"The history on {target.name} has no entry for {name}.")
        )

    async def _rehearsal(
        self,
        found: Rehearsal,
        notes: str,
        failed: Migration | None,
        questions: RowQuestions | None,
        *,
        fills: bool,
    ) -> AsyncIterator[Sheet]:
        preview = self._preview
        width, exactly = preview.size.width, "ask exactly in the plan of an apply"

        def made(rows: TargetRows | None) -> Sheet:
            line = found.failure.line if found.failure else None
            source = Source(failed.text).line(line) if failed and line else ""
            return RehearsalSheet(
                found, notes.splitlines(), width, source=source, rows=rows, exactly=exactly, fills=fills
            )

        rows, is_current = (None, True) if questions is None else self._answers.known(questions)
        yield await asyncio.to_thread(made, rows)
        if questions is not None and not is_current:
            yield await asyncio.to_thread(made, await self._answers.ask(questions))

    def _failed(self, found: Rehearsal) -> Migration | None:
        """Return the migration whose file has the line that failed; it can be an earlier one."""
        row = self._snapshot().row(found.failure.name) if found.failure else None
        return row.migration if row else None

    def _notes(self, found: Rehearsal) -> str:
        """Return notes about the rehearsal, one per line."""
        check, notes = self._snapshot().check, self._snapshot().rehearsals.notes
        server = check.status.server if check.status else None
        if not notes and server is not None and server.major != found.major:
            notes = (f"{check.target.name} is PostgreSQL {server.major}. Locks and DDL can differ there.",)
        return "\n".join(notes)

    async def _changes(self, target: Target, row: Row, entry: HistoryEntry) -> AsyncIterator[Sheet]:
        assert row.migration is not None
        ran = await self._backend.recorded_text(target, entry.id)
        if ran is None:
            yield TextSheet(f"The history on {target.name} no longer has the text that ran.")
            return
        text = await asyncio.to_thread(getattr, row.migration, "text")
        change = await asyncio.to_thread(diff_texts, ran, text)
        yield await asyncio.to_thread(ChangeSheet, _meaning(row, entry), change, self._preview.size.width)


def _same(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    """Return whether two keys are equal.

    Statuses are compared by identity, because they can have 10,000 entries.
    """
    return len(new) == len(old) and all(map(_equal, new, old))


def _equal(new: object, old: object) -> bool:
    return new is old or (isinstance(new, str | HistoryEntry | bool) and new == old)


def _meaning(row: Row, entry: HistoryEntry) -> str:
    """Return a sentence that explains the difference."""
    since = entry_words(entry)
    if entry.outcome is not Outcome.DONE:
        return f"The file was changed since: {since}."
    if row.status is not None and row.status.allowed:
        return f"The file differs from the text that ran, and the difference was allowed: {since}."
    return f"{_MEANINGS.get(row.state, 'The file differs from the text that ran')}: {since}."


_MEANINGS: Mapping[State | None, str] = {
    State.EDITED: "The statements were changed after it ran",
    State.COSMETIC: "Only comments, white space or line ends were changed after it ran, no statement",
    State.ROLLBACK_EDITED: "Only the rollback was changed after it ran, no statement",
}
