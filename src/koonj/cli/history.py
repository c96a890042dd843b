"""Run `koonj history`."""

from __future__ import annotations

from argparse import Namespace

from koonj.cli.ask_target import ask_target
from koonj.cli.diagnostics import ExitCode, UsageError
from koonj.cli.history_text import entries_of, history_lines
from koonj.cli.invocation import Call, matching_migrations
from koonj.cli.shapes import history_shape
from koonj.config import Target
from koonj.humanize import local_time, now, number_words, plural
from koonj.migrations.history_entry import HistoryEntry
from koonj.migrations.history_filter import DAY_FORMS, HistoryFilter, first_day, last_day
from koonj.runner.target.history import read_history, read_history_page


def history(call: Call) -> int:
    """List the entries that the arguments ask for, oldest first."""
    wanted, limit = _wanted(call.args), call.args.limit
    if limit is not None and limit < 1:
        raise UsageError("--limit requires a number from 1 on.")
    settings = call.settings()
    target = settings.target
    if limit is not None and wanted.is_empty and call.args.number is None:
        entries, more = _newest(target, limit)
    else:
        entries = ask_target(target, lambda connector: read_history(connector, target))
        if call.args.number is not None:
            entries = entries_of(entries, call.args.number)
            if not entries:
                matching_migrations(
                    call.read_folder(settings.migrations), call.args.number
                )  # raises if there is no such file; a file that was never run has no entries
        found = wanted.of(entries)
        entries = found if limit is None else found[-limit:]
        more = len(found) - len(entries)
    if call.out.as_json:
        call.out.document("history", history_shape(target.name, entries, more))
    else:
        call.out.lines(history_lines(entries, call.marks))
        if more:
            call.err.info(
                f"{number_words(more)} older {plural(more, 'entry is', 'entries are')} not listed. "
                "To list all, leave out --limit."
            )
    return ExitCode.OK


def _newest(target: Target, limit: int) -> tuple[tuple[HistoryEntry, ...], int]:
    """Return the newest entries, oldest first, and the number of the others. No more is read."""
    page = ask_target(target, lambda connector: read_history_page(connector, target, limit))
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
