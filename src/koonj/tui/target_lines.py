"""A target in a line, its parts in columns under each other, and what is wrong with it in more lines."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from koonj.sql.display import visible
from koonj.tui.model import Check
from koonj.tui.paint import Part, cut, fit, wrap
from koonj.tui.run_view import holder_words
from koonj.tui.theme import BAD, DIM, GOOD, PLAIN, STRONG, WAITING

_CHOSEN = "chosen"
_LONG_NAME = 24
"""Cells of a name."""
_MOST = 3
"""Lines about what is wrong."""


def lead(check: Check, *, chosen: bool, width: int = 0) -> list[Part]:
    """Mark, name, and the word for the chosen one."""
    looks = STRONG if chosen else PLAIN
    name = fit(check.target.name, width)
    word = _CHOSEN if chosen else " " * len(_CHOSEN)
    return [("► " if chosen else "  ", looks), (f"{name}  {word}  ", looks)]


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


def columns(check: Check, others: Sequence[Check]) -> list[Part]:
    """Reachability, counts, round trip, server, database, user; each as wide as the widest of `others`."""
    guard: Part = ("  protected" if check.target.protected else "", STRONG)
    status = check.status
    if status is None:
        return [("… connecting" if check.since is not None else "… not asked yet", WAITING), guard]
    if status.server is None:
        return [("× unreachable", BAD), guard]
    cells = _cells(check)
    widths = [max(map(cell_len, column)) for column in zip(*filter(None, map(_cells, others)), strict=True)]
    facts = "  ".join(fit(cell, width) for cell, width in zip(cells, widths, strict=True))
    if status.error is not None:
        return [(f"× {facts}", BAD), guard]
    counts = check.counts
    trouble = f"  {counts.problems} to decide" if counts.problems else ""
    running = "  a run goes on" if status.running else ""
    again = "  asking again" if check.since is not None else ""
    return [
        ("● ok  ", GOOD),
        (f"{counts.applied} applied  {counts.pending} pending", STRONG if counts.pending else PLAIN),
        (trouble, BAD),
        (running, WAITING),
        guard,
        (f"  {facts}", PLAIN),
        (again, DIM),
    ]


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
    return [("   " + line, DIM) for line in wrap(text, width - 4, _MOST)]


def _cells(check: Check) -> list[str]:
    """Round trip, version, database and user of a target that answered."""
    server = check.status.server if check.status else None
    if server is None:
        return []
    trip = f"{server.round_trip * 1000:5.1f} ms"
    return [trip, *map(visible, (server.version, f"{server.database} as {server.user}"))]
