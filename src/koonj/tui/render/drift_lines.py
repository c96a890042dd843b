"""Drift in lines: between whom it is, how much there is, and one object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from koonj.config import Target
from koonj.humanize import clock, count, to_the_minute
from koonj.postgres.catalog.catalog import Difference, ObjectName
from koonj.postgres.catalog.compare import top_level
from koonj.postgres.catalog.difference_wording import describe
from koonj.runner.drift.report import DriftReport
from koonj.runner.rehearse.rehearsal_wording import ddl_diff
from koonj.tui.documents.sql_text import expand
from koonj.tui.theme import ACCENT, BAD, DIM, GOOD, PLAIN, RAISED, STRONG, WAITING
from koonj.tui.toolkit.strips import Part, wrap


@dataclass(frozen=True, slots=True)
class DifferenceGroup:
    """An object, and its parts where it is on one side only."""

    whole: Difference
    parts: tuple[Difference, ...] = ()

    def definition(self) -> tuple[tuple[str, str], ...]:
        """The DDL of both sides, line by line, that of the parts beneath: see `ddl_diff`."""
        return tuple(line for part in (self.whole, *map(_named, self.parts)) for line in ddl_diff(part))


_BARE = frozenset({"comment", "grant", "owner", "security label"})
"""Kinds whose definition does not say what it is."""


def _named(part: Difference) -> Difference:
    """With its name before it, where the definition alone would be only a role or a text."""
    if part.kind not in _BARE:
        return part
    name = f"{part.kind} {part.identity}: "
    expected, actual = (text and name + text for text in (part.expected, part.actual))
    return replace(part, expected=expected, actual=actual)


def grouped(differences: Sequence[Difference]) -> tuple[DifferenceGroup, ...]:
    """Each with its parts, in the order in which they came."""
    shown = top_level(differences)
    tops = {(d.kind, d.identity) for d in shown}
    folded = {(d.kind, d.identity): d for d in differences if (d.kind, d.identity) not in tops}
    parts: dict[tuple[str, str], list[Difference]] = {}
    for part in folded.values():
        parts.setdefault(_top(part, folded), []).append(part)
    return tuple(DifferenceGroup(d, tuple(parts.get((d.kind, d.identity), ()))) for d in shown)


def _top(part: Difference, folded: dict[tuple[str, str], Difference]) -> tuple[str, str]:
    """What it is a part of in the end."""
    at: Difference | None = part
    parent: ObjectName | None = None
    while at is not None and at.parent is not None:
        parent = at.parent
        at = folded.get((parent.kind, parent.identity))
    return (parent.kind, parent.identity) if parent is not None else (part.kind, part.identity)


ONLY_TARGET, ONLY_FILES, DIFFER = "only target", "only files", "differs"
SIGNS = {ONLY_TARGET: ("+", GOOD), ONLY_FILES: ("-", BAD), DIFFER: ("~", WAITING)}
"""As in the definitions: + is the target's, - the files'."""


def side(difference: Difference) -> str:
    """Who has the object: the word for it."""
    if difference.expected is None:
        return ONLY_TARGET
    return ONLY_FILES if difference.actual is None else DIFFER


def difference_text(difference: Difference) -> str:
    """The difference in words: ``index public.a_idx: only the target has it``."""
    who = side(difference)
    if who == DIFFER:
        return describe(difference)
    has = "only the target has it" if who == ONLY_TARGET else "only the files have it"
    return f"{difference.kind} {difference.identity}: {has}"


def head_parts(target: Target, found: DriftReport | None) -> tuple[Part, ...]:
    """Which target, on which server, against which scratch."""
    guard = " PROTECTED" if target.protected else ""
    parts: list[Part] = [(" Drift  ", ACCENT), (f" ► {target.name}{guard} ", RAISED), ("  ", PLAIN)]
    if found is None:
        return (*parts, ("its catalog against what its applied files produce", DIM))
    return (
        *parts,
        (f"{found.server}, {to_the_minute(found.at)}, against its applied files on {found.scratch}", DIM),
    )


def working(seconds: float) -> tuple[Part, ...]:
    """While it is being compared."""
    return (
        (" comparing", WAITING),
        (f"  {clock(seconds)}", ACCENT),
        ("  the applied files run on scratch; the target is only read", DIM),
    )


def compared(found: DriftReport) -> str:
    """``312 objects of 15 migrations compared``."""
    return f"{count(found.objects, 'object')} of {count(found.migrations, 'migration')} compared"


def counted(found: DriftReport | None) -> tuple[Part, ...]:
    """How many objects are whose."""
    if found is None:
        return ()
    if not found.differences:
        return ((" ✓ no drift", GOOD), (f"   {compared(found)}", DIM))
    numbers = dict.fromkeys(SIGNS, 0)
    for difference in top_level(found.differences):
        numbers[side(difference)] += 1
    words = ("only the target has", "only the files have", "differ")
    parts: list[Part] = [(" ", PLAIN)]
    for (sign, look), number, word in zip(SIGNS.values(), numbers.values(), words, strict=True):
        looks = (look, STRONG, PLAIN) if number else (DIM, DIM, DIM)
        parts += [(f"{sign} ", looks[0]), (str(number), looks[1]), (f" {word}   ", looks[2])]
    return (*parts, (compared(found), DIM))


_SIGNS = {"-": BAD, "+": GOOD, " ": PLAIN}
_MOST = 1_000
"""Lines that are shown."""


def definition_lines(differing: DifferenceGroup, width: int, indent: int = 1) -> Iterator[list[Part]]:
    """``-`` before, ``+`` after, a blank for both; what is wider than `width` goes on under itself."""
    lines = differing.definition()
    for sign, text in lines[:_MOST]:
        look = _SIGNS[sign]
        for index, part in enumerate(wrap(expand(text), width - indent - 3)):
            yield [(" " * indent + (sign if not index else " ") + " ", look), (part, look)]
    if len(lines) > _MOST:
        yield [(f"{' ' * indent}… {len(lines) - _MOST} more lines", DIM)]
