"""The selected migration's text for the preview, loaded in the background."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from functools import partial
from operator import is_

from textual.screen import Screen

from koonj.config import Target
from koonj.migrations.migration import Migration
from koonj.sql.format import pretty
from koonj.sql.problem import Problem
from koonj.tui.documents.analysis import Analysis
from koonj.tui.documents.analysis_process import SegmentBatch, analyze_in_process
from koonj.tui.documents.document import Document, highlighting_of_start, is_large, is_small, make_document
from koonj.tui.documents.highlighting import Highlighting
from koonj.tui.documents.sql_text import SqlText
from koonj.tui.screens.preview_records import PreviewRecords
from koonj.tui.state.messages import StatusMessage
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.preview import Preview
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.check_findings import findings, known_at_once, with_findings

Documents = AsyncIterator[Document]
Make = Callable[[], Documents]

FORMATTED = 200_000
"""Maximum length in characters of a text to format. The formatter takes seconds for more."""


class PreviewText:
    """Loader of the selected migration for the preview."""

    def __init__(self, screen: Screen[None], backend: Backend, snapshot: Callable[[], Snapshot]) -> None:
        """`screen` has the preview; its workers end with it."""
        self._screen = screen
        self._backend = backend
        self._snapshot = snapshot
        self._records = PreviewRecords(screen, backend, snapshot)
        self._source: object = None
        """Inputs of the document that is shown or being loaded."""
        self._plain: Document | None = None
        """The document without findings of the safety rules."""
        self._checked: tuple[object, object, object] = (None, None, None)
        """Inputs of the findings that are shown or being found."""

    @property
    def _preview(self) -> Preview:
        return self._screen.query_one(Preview)

    def _say(self, text: str) -> None:
        self._screen.post_message(StatusMessage(text, is_problem=True))

    def show(self, row: Row | None) -> None:
        """Show `row`. Does nothing if nothing changed."""
        preview = self._preview
        preview.check = self._snapshot().check
        preview.rehearsals = self._snapshot().rehearsals
        preview.row = row
        self._records.show(row)
        source, make = self._made_of(row)
        if source == self._source:
            self._check(row)
            return
        self._source = source
        if row is not None and row.migration is not None and is_small(row.migration):
            self._screen.workers.cancel_group(self._screen, "preview")
            folder_problems = self._snapshot().problems_of(row.name)
            self._show_document(make_document(row.migration, folder_problems))
        elif make is not None:
            start_task(self._screen, partial(self._bring, source, make), "preview", exclusive=True)
        else:
            self._plain = self._preview.document = None

    def _show_document(self, document: Document) -> None:
        row = self._preview.row
        said = known_at_once(row)
        of_folder = 0 if row is None else len(self._snapshot().problems_of(row.name))
        self._plain = document
        # At once, so that the lines above the text stay as many when the file changes.
        self._preview.document = with_findings(document, said, of_folder) if said else document
        self._check(row)

    def _check(self, row: Row | None) -> None:
        """Find what the safety rules report about the document, unless that is known."""
        snapshot, document = self._snapshot(), self._plain
        rehearsal = None if row is None else snapshot.rehearsals.results.get(row.name)
        inputs = (document, snapshot.rows, rehearsal)
        if all(map(is_, inputs, self._checked)):
            return
        self._checked = inputs
        if row is not None and document is not None and document.is_analyzed:
            work = partial(self._bring_findings, row, document, snapshot)
            start_task(self._screen, work, "findings", exclusive=True)

    async def _bring_findings(self, row: Row, document: Document, snapshot: Snapshot) -> None:
        found = await findings(row.migration, snapshot) if row.migration is not None else ()
        made = with_findings(document, found, len(snapshot.problems_of(row.name))) if found else document
        if document is not self._plain or not self._screen.query(Preview):
            return  # Another document is shown, or koonj is closing.
        preview = self._preview
        if preview.document is not None and made.problems != preview.document.problems:
            formatted = preview.formatted
            preview.document = made
            preview.formatted = formatted

    def _made_of(self, row: Row | None) -> tuple[object, Make | None]:
        """Return the inputs of the document of `row`, and the function that makes it."""
        if row is None:
            return None, None
        if row.migration is not None:
            folder_problems = self._snapshot().problems_of(row.name)
            return (row.migration, folder_problems), partial(self._read, row.migration, folder_problems)
        entry = row.status.last_entry if row.status else None
        target = self._snapshot().target
        if entry is None:
            return (row.name, target.name), None
        return (row.name, target.name, entry.id), partial(self._recall, row.name, target, entry.id)

    async def _bring(self, source: object, make: Make) -> None:
        try:
            async for made in make():
                if source != self._source:
                    return
                self._show_document(made)
        except Exception as error:  # An error of a lost target must not end the screen.
            self._say(f"The text cannot be shown: {error}")

    async def _read(self, migration: Migration, folder_problems: tuple[Problem, ...]) -> Documents:
        """Yield the text at once, and then the text with its analysis."""
        if not is_large(migration):
            yield await asyncio.to_thread(make_document, migration, folder_problems)
            return
        colours = await asyncio.to_thread(highlighting_of_start, migration)
        first = await asyncio.to_thread(make_document, migration, folder_problems, Analysis(), colours)
        yield first
        await asyncio.to_thread(first.body.measure)
        try:
            found = await self._find(migration, colours)
        except (OSError, RuntimeError) as error:
            unknown = f"koonj could not analyze the text: {error}"
            found = Analysis(unknown, unknown)
        made = await asyncio.to_thread(make_document, migration, folder_problems, found, colours)
        made.body.width = first.body.width
        yield made

    async def _find(self, migration: Migration, colours: Highlighting) -> Analysis:
        """Return the analysis; add colours to the text as they are found."""
        async with aclosing(analyze_in_process(migration)) as all_found:
            async for found in all_found:
                if isinstance(found, Analysis):
                    return found
                self._add(colours, found)
        raise RuntimeError("the process that analyzes the file sent nothing")

    def _add(self, colours: Highlighting, found: SegmentBatch) -> None:
        colours.add(found.segments, found.end)
        preview = self._preview
        if preview.sql.highlighting is colours:
            preview.refresh()

    async def _recall(self, name: str, target: Target, entry_id: int) -> Documents:
        """Yield the text from the history, because the file is missing."""
        text = await self._backend.recorded_text(target, entry_id)
        if text is not None:
            async for made in self._read(Migration.from_recorded(name, text), ()):
                yield made

    def toggle_format(self) -> None:
        """Show the text formatted, or as written."""
        preview = self._preview
        if preview.formatted is not None:
            preview.formatted = None
        elif preview.shown is not None and len(preview.shown.text) > FORMATTED:
            self._say("The text is too long to format.")
        elif preview.shown is not None:
            work = partial(self._format, preview.shown)
            start_task(self._screen, work, "format", exclusive=True)

    async def _format(self, sql: SqlText) -> None:
        text = await asyncio.to_thread(pretty, sql.text)
        if self._preview.shown is sql:
            self._preview.formatted = SqlText(text)
