"""Differences as a person counts them: a table that is missing is one, with all its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from koonj.postgres.catalog.catalog import Difference, ObjectName
from koonj.postgres.catalog.compare import top_level
from koonj.runner.rehearse.rehearsal_wording import ddl_diff


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
