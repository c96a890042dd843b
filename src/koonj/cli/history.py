"""Run `koonj history`: the entries are read and written page by page."""

from __future__ import annotations

from argparse import Namespace
from collections import deque
from collections.abc import Iterable
from contextlib import aclosing
from pathlib import Path, PurePath
from typing import Protocol

from koonj.cli.ask_target import ask_target
from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.history_text import history_lines
from koonj.cli.invocation import Call, matching_migrations, number_of
from koonj.cli.output import ArrayDocument
from koonj.config import Target
from koonj.humanize import local_time, now, number_words, plural
from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.history_filter import DAY_FORMS, HistoryFilter, first_day, last_day
from koonj.migrations.history_wording import own_history
from koonj.postgres.connector import Connector
from koonj.postgres.history_page import NamedEntries
from koonj.runner.run.codec import to_plain
from koonj.runner.target.history import Warn, history_pages, read_history_page


class _Taker(Protocol):
    """What takes the entries that are listed, as they are read."""

    def take(self, entries: Iterable[HistoryEntry]) -> None:
        """Take the next entries, oldest first."""


class _Writer:
    """Writes entries as text, or as a JSON array."""

    def __init__(self, call: Call, target: Target) -> None:
        self._call = call
        self._target = target
        self._array: ArrayDocument | None = None
        self._warnings: list[str] = []
        self.is_empty = True
        """Whether no entry was written."""

    def warn(self, text: str) -> None:
        """Warn about the target: on stderr, or in the JSON."""
        if self._call.out.as_json:
            self._warnings.append(text)
        else:
            self._call.err.info(f"warning: {text}")

    def take(self, entries: Iterable[HistoryEntry]) -> None:
        """Write the next entries. The report begins with the first ones: an error has no report."""
        out, entries = self._call.out, tuple(entries)
        self.is_empty = self.is_empty and not entries
        if not out.as_json:
            out.lines(history_lines(entries, self._call.marks))
            return
        if self._array is None:
            head = {"target": self._target.name, "warnings": self._warnings}
            self._array = out.array("history", head, "entries")
        self._array.add(map(to_plain, entries))

    def end(self, more: int) -> None:
        """Write the end, with the number of entries that --limit left out."""
        if self._call.out.as_json:
            self.take(())
            assert self._array is not None
            self._array.end({"more": more})
        elif more:
            self._call.err.info(
                f"{number_words(more)} older {plural(more, 'entry is', 'entries are')} not listed. "
                "To list all, leave out --limit."
            )


class _Newest:
    """Keeps the newest entries."""

    def __init__(self, limit: int) -> None:
        self.entries: deque[HistoryEntry] = deque(maxlen=limit)
        self.number = 0
        """How many entries there were."""

    def take(self, entries: Iterable[HistoryEntry]) -> None:
        """Keep the last ones of the next entries."""
        for entry in entries:
            self.entries.append(entry)
            self.number += 1


def history(call: Call) -> int:
    """List the entries that the arguments ask for, oldest first."""
    wanted, limit, text = _wanted(call.args), call.args.limit, call.args.number
    if limit is not None and limit < 1:
        raise UsageError("--limit requires a number from 1 on.")
    settings = call.settings()
    target, more = settings.target, 0
    writer = _Writer(call, target)
    if limit is not None and wanted.is_empty and text is None:
        entries, more = _newest(target, limit, writer.warn)
        writer.take(entries)
    else:
        newest = None if limit is None else _Newest(limit)
        found = _read(target, _named(text), wanted, newest or writer, writer.warn)
        if text is not None and not found:
            # Raises if there is no such file. A file that was never run has no entries.
            matching_migrations(call.read_folder(settings.migrations), text)
        if newest is not None:
            writer.take(newest.entries)
            more = newest.number - len(newest.entries)
    writer.end(more)
    if writer.is_empty and text is None and wanted.is_empty and not call.out.as_json:
        _name_tool(call, settings.migrations)
    return ExitCode.OK


def _name_tool(call: Call, migrations: Path) -> None:
    """Say where the history is, if the folder belongs to another tool."""
    layout = call.read_folder(migrations).layout
    if layout is not None:
        call.err.info(f"koonj has recorded nothing on this target. {own_history(layout.name)}")


def _read(
    target: Target, named: NamedEntries | None, wanted: HistoryFilter, taker: _Taker, warn: Warn
) -> bool:
    """Give all entries that match, page by page. Return whether these migrations have entries."""

    async def read(connector: Connector) -> bool:
        found = False
        async with aclosing(history_pages(connector, target, named, warn)) as pages:
            async for page in pages:
                found = True
                taker.take(wanted.of(page))
        return found

    return ask_target(target, read)


def _named(text: str | None) -> NamedEntries | None:
    """Return which migrations' entries are wanted; None: all.

    Raises:
        UsageError: `text` is neither a number nor a file name.
    """
    if text is None:
        return None
    number = number_of(text)
    return NamedEntries(number=number) if text.isdigit() else NamedEntries((PurePath(text).name,))


def _newest(target: Target, limit: int, warn: Warn) -> tuple[tuple[HistoryEntry, ...], int]:
    """Return the newest entries, oldest first, and the number of the others. No more is read."""
    page = ask_target(target, lambda connector: read_history_page(connector, target, limit, warn=warn))
    return page.entries[::-1], page.total - len(page.entries)


def _wanted(args: Namespace) -> HistoryFilter:
    """Return the filter of the options. Days are those of this machine's time zone."""
    today = local_time(now()).date()
    firsts, lasts = [], []
    for option, text in (("--day", args.day), ("--since", args.since), ("--until", args.until)):
        if text is None:
            continue
        first, last = first_day(text, today), last_day(text, today)
        if first is None or last is None:
            raise UsageError(f"{option}: {text} is not a day. Write {DAY_FORMS}.")
        if option != "--until":
            firsts.append(first)
        if option != "--since":
            lasts.append(last)
    return HistoryFilter(
        people=tuple(args.by),
        since=max(firsts, default=None),
        until=min(lasts, default=None),
        ended=() if args.ended is None else (args.ended,),
    )
