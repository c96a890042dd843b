"""Drift in lines: between whom it is, how much there is, and one object."""

from __future__ import annotations

from koonj.config import Target
from koonj.humanize import clock, count, to_the_minute
from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.catalog.compare import top_level
from koonj.postgres.catalog.difference_wording import describe
from koonj.runner.drift.report import DriftReport
from koonj.tui.theme import ACCENT, BAD, DIM, GOOD, PLAIN, RAISED, STRONG, WAITING
from koonj.tui.toolkit.strips import Part

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
