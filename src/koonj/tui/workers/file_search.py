"""Search the SQL of all files in a thread, which ends as soon as its result is not wanted any more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from threading import Event
from time import monotonic

from textual.dom import DOMNode

from koonj.migrations.migration import Migration
from koonj.tui.documents.text_search import TextQuery
from koonj.tui.state.messages import FilesSearched
from koonj.tui.toolkit.tasks import start_task

REPORT = 0.1
"""Seconds between two messages with the files that were found so far."""
_WHOLE = 1024 * 1024
"""Bytes of a file that are decoded at once; decoding holds other threads back."""


class FileSearch:
    """The search in the text of all migrations."""

    def __init__(self, node: DOMNode) -> None:
        """`node` receives the messages; when it is removed, the search ends."""
        self._node = node
        self._stop = Event()

    def start(self, text: str, migrations: Sequence[Migration]) -> None:
        """Search for `text`; the search before it ends."""
        self.cancel()
        self._stop = Event()
        work = partial(self._search, TextQuery(text), migrations, self._stop)
        start_task(self._node, work, "file search", exclusive=True)

    def cancel(self) -> None:
        """End the search."""
        self._stop.set()

    async def _search(self, query: TextQuery, migrations: Sequence[Migration], stop: Event) -> None:
        try:
            await asyncio.to_thread(self._find, query, migrations, stop)
        finally:
            stop.set()

    def _find(self, query: TextQuery, migrations: Sequence[Migration], stop: Event) -> None:
        names: set[str] = set()
        reported = monotonic()
        for number, migration in enumerate(migrations):
            if stop.is_set():
                return
            if any(query.is_in(text) for text in _texts(migration.raw, len(query.text), stop)):
                names.add(migration.name)
            if monotonic() - reported >= REPORT:
                self._node.post_message(FilesSearched(query.text, frozenset(names), number + 1))
                reported = monotonic()
        if not stop.is_set():
            self._node.post_message(FilesSearched(query.text, frozenset(names), None))


def _texts(raw: bytes, overlap: int, stop: Event) -> Iterator[str]:
    """Yield the text of a file in pieces that overlap, so that no match is cut."""
    if len(raw) <= _WHOLE:
        yield raw.decode("utf-8", "replace")
        return
    before = ""
    for start in range(0, len(raw), _WHOLE):
        if stop.is_set():
            return
        # A character that is cut here is one of the next piece: its bytes are decoded again.
        end = start + _WHOLE
        while end < len(raw) and raw[end] & 0xC0 == 0x80:
            end += 1
        first = start
        while first and first < len(raw) and raw[first] & 0xC0 == 0x80:
            first += 1
        text = before + raw[first:end].decode("utf-8", "replace")
        yield text
        before = text[-overlap:]
