"""Compare two catalogs. Uses no database."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator

from koonj.postgres.catalog.catalog import Catalog, CatalogObject, Difference, ObjectName

_FIRST = ("schema", "extension", "enum", "domain", "composite type", "table", "column", "constraint", "index")
"""Kinds in the order that is useful to a reader; other kinds follow by name."""


def compare(before: Catalog, after: Catalog) -> tuple[Difference, ...]:
    """Return every object that is missing, not removed, changed or moved in `after`.

    The order is made for readers.
    """
    return tuple(sorted((*_changes(before, after), *_moves(before, after)), key=_order))


def top_level(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Omit the parts of an object that is missing or not removed as a whole.

    Of such a table, only the table itself stays in the result.
    """
    differences = tuple(differences)
    whole = {(d.kind, d.identity): d for d in differences if d.expected is None or d.actual is None}
    return tuple(d for d in differences if not _is_folded(d, whole))


def significant(differences: Iterable[Difference]) -> tuple[Difference, ...]:
    """Omit differences in the mere order of grants and storage parameters.

    pg_dump prints that order, but it has no effect.
    """
    return tuple(d for d in differences if not d.order_only or d.kind == "column")


def _is_folded(difference: Difference, whole: dict[tuple[str, str], Difference]) -> bool:
    parent = difference.parent
    if parent is None or (difference.expected is not None and difference.actual is not None):
        return False
    # A missing object cannot be a part of an object that was not removed.
    found = whole.get((parent.kind, parent.identity))
    return found is not None and (found.actual is None) == (difference.actual is None)


def _changes(before: Catalog, after: Catalog) -> Iterator[Difference]:
    for name, old in before.objects.items():
        new = after.objects.get(name)
        if new is None:
            yield Difference(name.kind, name.identity, old.definition, None, parent=old.parent)
        elif new.definition != old.definition:
            yield Difference(name.kind, name.identity, old.definition, new.definition, parent=new.parent)
    for name, new in after.objects.items():
        if name not in before.objects:
            yield Difference(name.kind, name.identity, None, new.definition, parent=new.parent)


def _moves(before: Catalog, after: Catalog) -> Iterator[Difference]:
    """Yield the smallest number of moves that give the common parts the same order."""
    siblings: dict[tuple[str, ObjectName | None], list[ObjectName]] = defaultdict(list)
    for name, old in before.objects.items():
        new = after.objects.get(name)
        if old.position and new is not None and new.position:
            siblings[name.kind, old.parent].append(name)
    for names in siblings.values():
        ordered = sorted(names, key=lambda name: before.objects[name].position)
        places = [after.objects[name].position for name in ordered]
        staying = _longest_rise(places)
        for name, place in zip(ordered, places, strict=True):
            old, new = before.objects[name], after.objects[name]
            if place not in staying and old.definition == new.definition:
                yield _move(name, old, new)


def _move(name: ObjectName, old: CatalogObject, new: CatalogObject) -> Difference:
    return Difference(
        name.kind,
        name.identity,
        old.definition,
        new.definition,
        order_only=True,
        parent=new.parent,
        positions=(old.position, new.position),
    )


def _longest_rise(numbers: list[int]) -> set[int]:
    """Return the members of one longest increasing subsequence (patience sorting).

    All `numbers` must differ.
    """
    tails: list[int] = []
    chains: list[tuple[int, int]] = []  # (number, index of the one before it in its chain, or -1)
    ends: list[int] = []
    for index, number in enumerate(numbers):
        at = bisect_left(tails, number)
        chains.append((number, ends[at - 1] if at else -1))
        tails[at : at + 1] = [number]
        ends[at : at + 1] = [index]
    rising = set()
    index = ends[-1] if ends else -1
    while index >= 0:
        number, index = chains[index]
        rising.add(number)
    return rising


def _order(difference: Difference) -> tuple[int, str, str]:
    kind = difference.kind
    return (_FIRST.index(kind) if kind in _FIRST else len(_FIRST), kind, difference.identity)
