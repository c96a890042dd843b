"""A drift report as lines: sides, number of differences, definitions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len

from koonj.humanize import clock, count, to_the_second
from koonj.postgres.catalog.catalog import Difference, ObjectName
from koonj.postgres.catalog.compare import top_level
from koonj.postgres.catalog.difference_wording import describe
from koonj.runner.drift.report import DriftReport
from koonj.runner.rehearse.rehearsal_wording import ddl_diff
from koonj.tui.documents.sql_text import expand
from koonj.tui.theme import ACCENT, BAD, DIM, GOOD, PLAIN, STRONG, WAITING
from koonj.tui.toolkit.strips import Part, wrap


@dataclass(frozen=True, slots=True)
class DifferenceGroup:
    """A top-level difference with the differences of its parts, such as columns."""

    whole: Difference
    parts: tuple[Difference, ...] = ()

    def definition(self) -> tuple[tuple[str, str], ...]:
        """Return the DDL of both sides as diff lines, the parts last; see `ddl_diff`."""
        return tuple(line for part in (self.whole, *map(_named, self.parts)) for line in ddl_diff(part))


_BARE = frozenset({"comment", "grant", "owner", "security label"})
"""Kinds whose definition does not name the kind: it is only a role or a text."""


def _named(part: Difference) -> Difference:
    """Put kind and name before the definitions if the kind is one of `_BARE`."""
    if part.kind not in _BARE:
        return part
    name = f"{part.kind} {part.identity}: "
    expected, actual = (text and name + text for text in (part.expected, part.actual))
    return replace(part, expected=expected, actual=actual)


def group_differences(differences: Sequence[Difference]) -> tuple[DifferenceGroup, ...]:
    """Return a group for each top-level difference, in the given order."""
    shown = top_level(differences)
    tops = {(d.kind, d.identity) for d in shown}
    folded = {(d.kind, d.identity): d for d in differences if (d.kind, d.identity) not in tops}
    parts: dict[tuple[str, str], list[Difference]] = {}
    for part in folded.values():
        parts.setdefault(_top(part, folded), []).append(part)
    return tuple(DifferenceGroup(d, tuple(parts.get((d.kind, d.identity), ()))) for d in shown)


def _top(part: Difference, folded: dict[tuple[str, str], Difference]) -> tuple[str, str]:
    """Return kind and identity of the top-level object that contains this difference."""
    current: Difference | None = part
    parent: ObjectName | None = None
    while current is not None and current.parent is not None:
        parent = current.parent
        current = folded.get((parent.kind, parent.identity))
    return (parent.kind, parent.identity) if parent is not None else (part.kind, part.identity)


ONLY_TARGET, ONLY_FILES, DIFFER = "only target", "only files", "differs"
SIGNS = {ONLY_TARGET: ("+", GOOD), ONLY_FILES: ("-", BAD), DIFFER: ("~", WAITING)}
"""Sign and colour of each side, as in the diff: + for the target, - for the files."""


def side(difference: Difference) -> str:
    """Return the word for the side that has the object."""
    if difference.expected is None:
        return ONLY_TARGET
    return ONLY_FILES if difference.actual is None else DIFFER


def difference_text(difference: Difference) -> str:
    """Return for example ``index public.a_idx: exists only on the target``."""
    where = side(difference)
    if where == DIFFER:
        return describe(difference)
    words = "exists only on the target" if where == ONLY_TARGET else "exists only in the files"
    return f"{difference.kind} {difference.identity}: {words}"


def title_parts(found: DriftReport | None, room: int) -> tuple[Part, ...]:
    """Return what the first line says after the target: server, time and scratch server.

    With less room than that, the end is left out.
    """
    if found is None:
        return (("its schema compared with its applied migrations", DIM),)
    where = f"{found.server}, {to_the_second(found.at)}"
    short = f"{where}, compared with its applied migrations"
    forms = (f"{short} on {found.scratch}", short, where)
    return ((next((form for form in forms if cell_len(form) <= room), where), DIM),)


def progress_parts(seconds: float) -> tuple[Part, ...]:
    """Return the line that is shown during the comparison."""
    return (
        (" comparing", WAITING),
        (f"  {clock(seconds)}", ACCENT),
        ("  the applied migrations run on a scratch database; the target is only read", DIM),
    )


def compared_text(found: DriftReport, room: int) -> str:
    """Return for example ``312 objects of 15 migrations compared``; less of it if there is no room."""
    objects = count(found.objects, "object")
    whole = f"{objects} of {count(found.migrations, 'migration')} compared"
    forms = (whole, f"{objects} compared", f"of {objects}")
    return next((form for form in forms if cell_len(form) <= room), "")


def count_parts(found: DriftReport | None, width: int) -> tuple[Part, ...]:
    """Return the line with the number of objects for each side, in `width` cells."""
    if found is None:
        return ()
    if not found.differences:
        return ((" ✓ no drift", GOOD), (f"   {compared_text(found, width - 15)}", DIM))
    numbers = dict.fromkeys(SIGNS, 0)
    for difference in top_level(found.differences):
        numbers[side(difference)] += 1
    words = ("only on the target", "only in the files", "differ")
    parts: list[Part] = [(" ", PLAIN)]
    for (sign, look), number, word in zip(SIGNS.values(), numbers.values(), words, strict=True):
        looks = (look, STRONG, PLAIN) if number else (DIM, DIM, DIM)
        parts += [(f"{sign} ", looks[0]), (str(number), looks[1]), (f" {word}   ", looks[2])]
    return (*parts, (compared_text(found, width - sum(cell_len(text) for text, _ in parts) - 1), DIM))


_SIGNS = {"-": BAD, "+": GOOD, " ": PLAIN}
_MOST = 1_000
"""Maximum number of lines that are shown."""


def definition_lines(differing: DifferenceGroup, width: int, indent: int = 1) -> Iterator[list[Part]]:
    """Yield the diff of a group, wrapped to `width`.

    ``-`` marks the expected side, ``+`` the actual side, a blank both.
    """
    lines = differing.definition()
    for sign, text in lines[:_MOST]:
        look = _SIGNS[sign]
        for index, part in enumerate(wrap(expand(text), width - indent - 3)):
            yield [(" " * indent + (sign if not index else " ") + " ", look), (part, look)]
    if len(lines) > _MOST:
        yield [(f"{' ' * indent}… {len(lines) - _MOST} more lines", DIM)]
