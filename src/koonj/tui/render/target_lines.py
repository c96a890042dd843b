"""Targets as lines: one line per target, a short form, and details."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from koonj.humanize import age_words, count, now, sentences
from koonj.postgres.advisory_lock import holder_words
from koonj.postgres.connection_string import other_settings
from koonj.sql.display import visible
from koonj.tui.render.target_summary import GUARD, by_weight, fitting
from koonj.tui.state.snapshot import Check
from koonj.tui.theme import ACCENT, BAD, DIM, GOOD, PLAIN, STRONG, WAITING, WARNING
from koonj.tui.toolkit.strips import Part, cut, fit, wrap

if TYPE_CHECKING:
    from koonj.postgres.leftovers import Leftover
    from koonj.postgres.server_info import ServerInfo  # imports psycopg, which would delay the first paint

_CHOSEN = "chosen"
_GAP = "  "
_WORDS = 5
"""Number of columns that are words: a part of them would say nothing, or something else."""
_LEAD = 4
"""Parts at the start of a line that always stay: mark, name, protection, and whether it is reachable."""
_TRIP = 8
"""Cells of a round trip time, such as ``123.4 ms``."""
WIDE = 72
"""Minimum width, in cells, of lines that also show server, database and user."""
_LEAST = 12
"""Minimum width, in cells, of a column that is cut."""
_LONG_NAME = 24
"""Maximum width, in cells, of a name."""
MOST = 3
"""Maximum number of lines with details of a target."""


def short_line(checks: Sequence[Check], chosen: str, width: int) -> list[Part]:
    """Return all targets in one line of `width` cells: mark, name, protection and the most important fact."""
    items = [_short(check, chosen=check.target.name == chosen) for check in checks]
    return fitting(items, by_weight(checks, chosen), width)


def _short(check: Check, *, chosen: bool) -> tuple[list[Part], list[Part]]:
    status = check.status
    mark, looks, more = "", PLAIN, ""
    if status is None:
        mark = "… "
    elif status.error is not None:
        mark, looks = "× ", BAD
    elif check.counts.problems:
        mark, looks, more = "! ", BAD, f" {count(check.counts.problems, 'conflict')}"
    elif status.running is not None:
        mark, looks, more = "! ", WAITING, " run in progress"
    here = ("► ", STRONG) if chosen else ("", PLAIN)
    name = cut(check.target.name, _LONG_NAME)
    guard = (f" {GUARD} protected" if check.target.protected else "", STRONG)
    return [here, (mark, looks), (name, STRONG if chosen else PLAIN), guard], [(more, looks)]


def target_lines(checks: Sequence[Check], chosen: str, width: int) -> list[list[Part]]:
    """Return one line per target.

    It has mark, name, protection, ``chosen``, whether the target is reachable, and columns. The first column
    is the most important one. A column that does not fit is omitted from all lines.
    """
    lines = _lines(checks, chosen, width, signs=False)
    for check, line in zip(checks, lines, strict=True):
        if check.target.protected and not any("protected" in text for text, _ in line[2:]):
            return _lines(checks, chosen, width, signs=True)
    return lines


def _lines(checks: Sequence[Check], chosen: str, width: int, *, signs: bool) -> list[list[Part]]:
    """Return the lines. `signs`: with a sign for protection, because there is no room for the word."""
    marks = [f" {GUARD}" if signs and c.target.protected else "" for c in checks]
    names = [cut(c.target.name, _LONG_NAME) for c in checks]
    longest = max((cell_len(n + m) for n, m in zip(names, marks, strict=True)), default=0)
    leads = [
        _lead(c, n, fit(m, longest - cell_len(n)), is_chosen=c.target.name == chosen, word=width >= WIDE)
        for c, n, m in zip(checks, names, marks, strict=True)
    ]
    rows = [_cells(c, server=width >= WIDE) if c.answered else [] for c in checks]
    columns = zip(*filter(None, rows), strict=True)
    widths = [max(cell_len(text) for text, _ in column) for column in columns]
    left = width - max((_cell_sum(lead) for lead, row in zip(leads, rows, strict=True) if row), default=0)
    kept = _kept(widths, left)
    return [
        _trimmed(
            [*lead, *(_padded(part, w) for part, w, keep in zip(row, widths, kept, strict=False) if keep)]
        )
        for lead, row in zip((_whole(lead, width) for lead in leads), rows, strict=True)
    ]


def _kept(widths: Sequence[int], room: int) -> list[bool]:
    """Return which columns are shown: words only as a whole, the facts about the server also cut."""
    kept, used = [], 0
    for index, width in enumerate(widths):
        least = min(width, _LEAST) if index >= _WORDS else width
        fits = bool(width) and used + least <= room
        kept.append(fits)
        used += _wide(width) if fits else 0
    return kept


def _trimmed(line: list[Part]) -> list[Part]:
    """Return a line without blanks at its end: if only they do not fit, a word would be cut for them."""
    *parts, (text, style) = line
    return [*parts, (text.rstrip(), style)]


def _whole(lead: list[Part], width: int) -> list[Part]:
    """Return the start of a line without the last parts that do not fit; they are words."""
    while len(lead) > _LEAD and _cell_sum(lead) - len(_GAP) > width:
        lead = lead[:-1]
    return lead


def _lead(check: Check, name: str, sign: str, *, is_chosen: bool, word: bool) -> list[Part]:
    looks = STRONG if is_chosen else PLAIN
    word_column = (_CHOSEN if is_chosen else "").ljust(len(_CHOSEN)) + _GAP if word else ""
    guard = "" if check.answered or not check.target.protected else "protected"
    old = "" if check.answered else asked_words(check)
    return [
        ("► " if is_chosen else "  ", looks),
        (name, looks),
        (f"{sign}{_GAP}{word_column}", STRONG),
        *((text + _GAP, style) for text, style in (_reach(check), (guard, STRONG), (old, DIM)) if text),
    ]


def _reach(check: Check) -> Part:
    """Return glyph and word for whether the target is reachable."""
    status = check.status
    if status is None:
        return ("… connecting" if check.since is not None else "… not connected yet", WAITING)
    if status.server is None:
        return (f"× {status.problem or 'unreachable'}", BAD)
    if status.error is not None:
        return ("× error" + _GAP + _GAP.join(_server(status.server)).strip(), BAD)
    return ("● ok", GOOD)


def _cells(check: Check, *, server: bool) -> list[Part]:
    """Return the columns of a target that answered.

    With `server`, they include server version, database and user. All targets have the same number of
    columns.
    """
    assert check.status is not None
    assert check.status.server is not None
    counts = check.counts
    facts = _server(check.status.server) if server else []
    return [
        (count(counts.problems, "conflict") if counts.problems else "", BAD),
        (f"{counts.applied} applied", PLAIN),
        (f"{counts.pending} pending", STRONG if counts.pending else PLAIN),
        ("run in progress" if check.status.running else "", WAITING),
        ("protected" if check.target.protected else "", STRONG),
        *((fact, PLAIN) for fact in facts),
        ("refreshing" if check.since is not None else asked_words(check), DIM),
    ]


def asked_words(check: Check) -> str:
    """Return when a target was asked that koonj does not ask by itself; empty for the others."""
    if check.read_at is None or not check.is_read_on_request:
        return ""
    return f"asked {age_words(now() - check.read_at)}"


def _padded(part: Part, width: int) -> Part:
    return fit(part[0], width) + _GAP, part[1]


def _wide(width: int) -> int:
    return width + len(_GAP) if width else 0


def _cell_sum(parts: Sequence[Part]) -> int:
    return sum(cell_len(visible(text)) for text, _ in parts)


def _server(server: ServerInfo) -> list[str]:
    """Return round trip time, version, and database with user."""
    trip = f"{server.round_trip * 1000:.1f} ms".rjust(_TRIP)
    return [trip, visible(server.version), visible(f"{server.database} as {server.user}")]


def detail_lines(check: Check, width: int, *, leftovers: int = 1, more_hint: str = "") -> list[Part]:
    """Return the problem of a target, or else its server and connection settings."""
    found = problem_lines(check, width, leftovers=leftovers, more_hint=more_hint)
    status = check.status
    if found or status is None or status.server is None:
        return found
    trip, version, where = _server(status.server)
    through = f"through {visible(status.server.through)}, " if status.server.through else ""
    kind = f"{visible(status.server.kind)}, " if status.server.kind else ""
    texts = [f"PostgreSQL {version}, {kind}{through}round trip {trip.strip()}", where]
    texts += [asked] if (asked := asked_words(check)) else []
    texts += [] if status.server.tls is None else [visible(str(status.server.tls))]
    texts += wrap(more, width - 4, 1) if (more := other_settings(status.dsn)) else []
    return [("   " + cut(text, width - 4), DIM) for text in texts[:MOST]]


def _leftover_lines(leftovers: Sequence[Leftover], width: int, most: int, more_hint: str) -> Iterator[Part]:
    """Yield what statements that stopped in the middle have left, and the SQL against it."""
    for leftover in leftovers[:most]:
        yield from (("   " + line, WARNING) for line in wrap(leftover.problem, width - 4))
        yield from (("     " + line, ACCENT) for line in wrap(leftover.repair, width - 6) if line)
    if len(leftovers) > most:
        yield (cut(f"   and {len(leftovers) - most} more{f'; {more_hint}' if more_hint else ''}", width), DIM)


def problem_lines(check: Check, width: int, *, leftovers: int = 1, more_hint: str = "") -> list[Part]:
    """Return the error of a target with its hint, who runs migrations there, or what statements have left.

    `leftovers`: how many of them at most; `more_hint`: how to see the others.
    """
    status = check.status
    if status is not None and status.running is not None:
        text = ". ".join((f"A run is in progress: {holder_words(status.running)}", *status.silence[:1]))
    elif status is not None and status.error is None and status.is_other_database:
        text = status.warnings[0]
    elif status is None or status.error is None:
        return [] if status is None else list(_leftover_lines(status.leftovers, width, leftovers, more_hint))
    else:
        text = sentences(*status.error.splitlines(), status.hint or "")
    return [("   " + line, DIM) for line in wrap(text, width - 4, MOST)]
