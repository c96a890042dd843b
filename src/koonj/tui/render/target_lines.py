"""A target in a line, its parts in columns under each other, and what is wrong with it in more lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from koonj.postgres.advisory_lock import holder_words
from koonj.sql.display import visible
from koonj.tui.state.snapshot import Check
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN, STRONG, WAITING
from koonj.tui.toolkit.strips import Part, cut, fit, wrap

if TYPE_CHECKING:
    from koonj.postgres.connector import ServerInfo  # brings psycopg, which the first paint does not wait for

_CHOSEN = "chosen"
_GAP = "  "
_TRIP = 8
"""Cells of a round trip, such as ``123.4 ms``."""
WIDE = 72
"""Cells from which on a line has room for more than how a target stands."""
_LEAST = 12
"""Cells of a column that is cut."""
_LONG_NAME = 24
"""Cells of a name."""
MOST = 3
"""Lines about one target."""


def brief(check: Check, *, chosen: bool) -> list[Part]:
    """Mark and name, and a word where something is to be seen: one of several in a line."""
    status = check.status
    mark, looks, more = "", PLAIN, ""
    if status is None:
        mark = "… "
    elif status.error is not None:
        mark, looks = "× ", BAD
    elif check.counts.problems:
        mark, looks, more = "! ", BAD, f" {check.counts.problems} to decide"
    elif status.running is not None:
        mark, looks, more = "! ", WAITING, " a run goes on"
    here = ("► ", STRONG) if chosen else ("", PLAIN)
    name = cut(check.target.name, _LONG_NAME)
    return [here, (mark, looks), (name, STRONG if chosen else PLAIN), (more, looks), ("  ", PLAIN)]


def lines(checks: Sequence[Check], chosen: str, width: int) -> list[list[Part]]:
    """A line each: mark, name, the word for the chosen one, whether it answers; then columns.

    The most telling column comes first; one for which no cells are left is left out, in all lines.
    """
    names = max((len(cut(c.target.name, _LONG_NAME)) for c in checks), default=0)
    leads = [_lead(c, names, is_chosen=c.target.name == chosen, word=width >= WIDE) for c in checks]
    rows = [_cells(c, server=width >= WIDE) if c.answered else [] for c in checks]
    columns = zip(*filter(None, rows), strict=True)
    widths = [max(cell_len(text) for text, _ in column) for column in columns]
    left = width - max((_cell_sum(lead) for lead, row in zip(leads, rows, strict=True) if row), default=0)
    kept = [bool(w) and sum(map(_wide, widths[:i])) + min(w, _LEAST) <= left for i, w in enumerate(widths)]
    return [
        [*lead, *(_padded(part, w) for part, w, keep in zip(row, widths, kept, strict=False) if keep)]
        for lead, row in zip(leads, rows, strict=True)
    ]


def _lead(check: Check, names: int, *, is_chosen: bool, word: bool) -> list[Part]:
    looks = STRONG if is_chosen else PLAIN
    said = (_CHOSEN if is_chosen else "").ljust(len(_CHOSEN)) + _GAP if word else ""
    guard = "" if check.answered or not check.target.protected else "protected"
    return [
        ("► " if is_chosen else "  ", looks),
        (f"{fit(check.target.name, names)}{_GAP}{said}", looks),
        *((text + _GAP, style) for text, style in (_reach(check), (guard, STRONG)) if text),
    ]


def _reach(check: Check) -> Part:
    """Does it answer? A glyph and a word."""
    status = check.status
    if status is None:
        return ("… connecting" if check.since is not None else "… not asked yet", WAITING)
    if status.server is None:
        return ("× unreachable", BAD)
    if status.error is not None:
        return ("× error" + _GAP + _GAP.join(_server(status.server)).strip(), BAD)
    return ("● ok", GOOD)


def _cells(check: Check, *, server: bool) -> list[Part]:
    """What a target that answered holds; `server`: and whom it turned out to be. As many cells for each."""
    assert check.status is not None
    assert check.status.server is not None
    counts = check.counts
    facts = _server(check.status.server) if server else []
    return [
        (f"{counts.problems} to decide" if counts.problems else "", BAD),
        (f"{counts.applied} applied", PLAIN),
        (f"{counts.pending} pending", STRONG if counts.pending else PLAIN),
        ("a run goes on" if check.status.running else "", WAITING),
        ("protected" if check.target.protected else "", STRONG),
        *((fact, PLAIN) for fact in facts),
        ("asking again" if check.since is not None else "", DIM),
    ]


def _padded(part: Part, width: int) -> Part:
    return fit(part[0], width) + _GAP, part[1]


def _wide(width: int) -> int:
    return width + len(_GAP) if width else 0


def _cell_sum(parts: Sequence[Part]) -> int:
    return sum(cell_len(visible(text)) for text, _ in parts)


def _server(server: ServerInfo) -> list[str]:
    """Round trip, version, database and user."""
    trip = f"{server.round_trip * 1000:.1f} ms".rjust(_TRIP)
    return [trip, visible(server.version), visible(f"{server.database} as {server.user}")]


def about(check: Check, width: int) -> list[Part]:
    """What is wrong with a target, and what to do; else where it leads."""
    found = details(check, width)
    status = check.status
    if found or status is None or status.server is None:
        return found
    trip, version, where = _server(status.server)
    texts = [f"PostgreSQL {version}, round trip {trip.strip()}", where, *wrap(status.dsn, width - 4, 1)]
    return [("   " + cut(text, width - 4), DIM) for text in texts]


def details(check: Check, width: int) -> list[Part]:
    """What is wrong with a target, and what to do; who runs migrations there."""
    status = check.status
    if status is not None and status.running is not None:
        text = f"a run goes on: {holder_words(status.running)}"
    elif status is None or status.error is None:
        return []
    else:
        error = " ".join(status.error.split())
        stop = "" if error.endswith((".", "?", "!")) else "."
        text = f"{error}{stop} {status.hint or ''}".rstrip()
    return [("   " + line, DIM) for line in wrap(text, width - 4, MOST)]
