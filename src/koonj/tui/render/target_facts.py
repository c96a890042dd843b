"""The facts of one target under the list of targets, in themes with fills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len

from koonj.config.settings import MAX_STALL
from koonj.postgres.connection_string import other_settings
from koonj.sql.display import visible
from koonj.tui.render.headline import tls_looks
from koonj.tui.render.target_lines import asked_words, problem_lines
from koonj.tui.render.target_past import past_facts
from koonj.tui.state.snapshot import Check
from koonj.tui.theme import DIM, PLAIN
from koonj.tui.toolkit.strips import Part, cut

if TYPE_CHECKING:
    from koonj.postgres.server_info import ServerInfo  # imports psycopg, which would delay the first paint

_LABEL = 11
"""Cells of a label."""
_CARD_EDGE = 4
"""Cells before the facts on a card."""
Line = list[Part]


def target_facts(check: Check, width: int, *, leftovers: int = 1, more_hint: str = "") -> list[Line]:
    """Return what is wrong with a target, or else its server, database, limits and connection settings."""
    problems = problem_lines(check, width, leftovers=leftovers, more_hint=more_hint)
    lines: list[Line] = [[(text[2:] if text.startswith("   ") else text, looks)] for text, looks in problems]
    return [*lines, *_facts(check, width)]


def _facts(check: Check, width: int) -> Iterator[Line]:
    status = check.status
    server = status.server if status is not None else None
    if status is not None and server is not None:
        host = "" if server.host == "embedded" else f"  {visible(server.host)}"
        kind = ", embedded" if server.host == "embedded" else ""
        trip = "" if server.through else f"  {round_trip_words(server.round_trip)}"
        version = f"PostgreSQL {visible(server.version)}{kind}"
        yield _fact("server", version, f"{trip}{host}", width)
        yield from _kind(server, width)
        yield from _way(server, width)
        yield from _tls(server, width)
        yield _fact("database", f"{visible(server.database)} as {visible(server.user)}", "", width)
    yield from _asked(check, width)
    target = check.target
    stall, wait = f"max_stall {target.max_stall or MAX_STALL}", f"lock_wait {target.lock_wait}"
    if _LABEL + 2 + cell_len(f"{stall}, {wait}") <= width:
        yield _fact("limits", f"{stall}, {wait}", "", width)
    else:
        yield _fact("limits", stall, "", width)
        yield _fact("", wait, "", width)
    if target.role:
        yield _fact("role", visible(target.role), "", width)
    yield from past_lines(check, width)
    if status is not None and (more := other_settings(status.dsn)):
        yield _fact("dsn", visible(more), "", width)


def past_lines(check: Check, width: int) -> Iterator[Line]:
    """Yield the last run and the last comparison. A time that does not fit has a line of its own."""
    room = width - _LABEL - 2
    for label, parts, at in past_facts(check):
        lead: Part = (f" {label.ljust(_LABEL)}", DIM)
        used = sum(cell_len(text) for text, _ in parts) + 1
        if used + cell_len(at) <= room:
            yield [lead, *parts, (f" {at}" if at else "", DIM)]
        else:
            yield [lead, *parts]
            yield _fact("", at, "", width)


def card_facts(check: Check, width: int, *, past: bool) -> list[Line]:
    """Return what a target's card says below its bar: what is wrong, or else its server and database.

    `past`: also the last run and the last comparison.
    """
    edge: Part = (" " * _CARD_EDGE, PLAIN)
    room = width - _CARD_EDGE
    problems = problem_lines(check, room)
    lines: list[Line] = [[(text.removeprefix("   "), looks)] for text, looks in problems]
    status = check.status
    server = status.server if status is not None and status.error is None else None
    if server is not None:
        trip = "" if server.through else f"  {round_trip_words(server.round_trip)}"
        lines += [
            _fact("server", f"PostgreSQL {visible(server.version)}", trip, room),
            *_kind(server, room),
            *_way(server, room),
            _fact("host", visible(server.host), "", room),
            *_tls(server, room),
            _fact("database", f"{visible(server.database)} as {visible(server.user)}", "", room),
        ]
    lines += _asked(check, room)
    if check.target.role:
        lines.append(_fact("role", visible(check.target.role), "", room))
    lines += past_lines(check, room) if past else ()
    return [[edge, (line[0][0].removeprefix(" "), line[0][1]), *line[1:]] for line in lines]


def _kind(server: ServerInfo, width: int) -> Iterator[Line]:
    """Yield that it is a standby, Aurora, Citus, a publisher or a subscriber; else nothing."""
    if server.kind:
        yield _fact("", visible(server.kind), "", width)


def _way(server: ServerInfo, width: int) -> Iterator[Line]:
    """Yield the line of a bastion: ``through bastion, 48.0 ms``."""
    if server.through:
        trip = f", {round_trip_words(server.round_trip)}"
        yield _fact("ssh", f"through {visible(server.through)}", trip, width)


def _asked(check: Check, width: int) -> Iterator[Line]:
    """Yield when it was asked, if koonj does not do so by itself: what is shown can be old."""
    if asked := asked_words(check):
        yield _fact("asked", asked.partition(" ")[2], "", width)


def _tls(server: ServerInfo, width: int) -> Iterator[Line]:
    """Yield how the connection is protected; nothing if it does not go over TCP."""
    if server.tls is not None:
        label, (text, _), note = _fact("network", visible(str(server.tls)), "", width)
        yield [label, (text, tls_looks(server.tls)), note]


def round_trip_words(seconds: float) -> str:
    """Return the time between a query and its answer."""
    return f"{seconds * 1000:.1f} ms"


def _fact(label: str, text: str, note: str, width: int) -> Line:
    """Return a label and its text; the note only if all of it fits."""
    room = width - _LABEL - 2
    shown = cut(text, room)
    more = note if cell_len(shown) + cell_len(note) <= room else ""
    return [(f" {label.ljust(_LABEL)}", DIM), (shown, PLAIN), (more, DIM)]
