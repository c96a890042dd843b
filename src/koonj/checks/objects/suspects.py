"""Find, from a glance at all files, the names that could be those of missing objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from koonj.checks.objects.glance import Glance, Glimpse
from koonj.checks.objects.kinds import Kind

_KNOWN_FOR_EACH = 3
"""A folder that uses so many objects of its own for each unknown name seems to make all that it uses."""
_WORD = re.compile(r"[\w$]+")
_SHORTEST = 4
"""Characters of a name for which one wrong character is surely a mistake."""


@dataclass
class Suspects:
    """Names in lower case, without schema and quotes."""

    objects: set[str] = field(default_factory=set)
    """Used after it was lost, or before it was made."""
    misspelt: dict[str, str] = field(default_factory=dict)
    """Names that no file makes, and the similar name that one makes."""
    tables: set[str] = field(default_factory=set)
    """Tables of which a column is used that may not be there."""
    hiding: frozenset[int] = frozenset()
    """Places of the files that could make or drop what they do not name."""

    @property
    def names(self) -> frozenset[str]:
        """All of them, and what they are similar to."""
        return frozenset(self.objects | self.tables | self.misspelt.keys() | set(self.misspelt.values()))


def suspects_of(glances: Sequence[Glance]) -> Suspects:
    """Return the suspects of a folder. `glances`: of its files, in order."""
    found = Suspects(hiding=frozenset(place for place, one in enumerate(glances) if one.can_hide))
    made, used, lost = set[str](), set[str](), set[str]()
    early = dict[str, None]()
    for kind, name, *_ in _all(glances):
        if kind is Kind.MADE:
            if name in early:
                found.objects.add(name)
            made.add(name)
            lost.discard(name)
        elif kind is Kind.LOST:
            lost.add(name)
            early.pop(name, None)
        elif kind is Kind.USED:
            used.add(name)
            if name in lost:
                found.objects.add(name)
            elif name not in made:
                early[name] = None
    unknown = [name for name in early if name not in made]
    if len(unknown) * _KNOWN_FOR_EACH <= len(used & made):
        found.misspelt.update(_misspelt(unknown, made))
    found.tables.update(_tables(glances, made))
    return found


def _all(glances: Iterable[Glance]) -> Iterator[Glimpse]:
    for one in glances:
        yield from one.glimpses


def _misspelt(unknown: Sequence[str], made: Iterable[str]) -> Mapping[str, str]:
    """Return the unknown names with what they are similar to; none if one of them is similar to nothing."""
    by_length: dict[int, list[str]] = {}
    for name in made:
        by_length.setdefault(len(name), []).append(name)
    near: dict[str, str] = {}
    for name in unknown:
        size = len(name)
        lengths = (by_length.get(size + change, ()) for change in (-1, 0, 1))
        similar = [one for some in lengths for one in some if is_typo(name, one)]
        if len(similar) != 1:
            return {}
        near[name] = similar[0]
    return near


def is_typo(name: str, other: str) -> bool:
    """Return whether one letter of two different names is missing, added, wrong, or in the wrong order."""
    if min(len(name), len(other)) < _SHORTEST:
        return False
    start = next((at for at, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), None)
    if start is None:
        start = min(len(name), len(other))
    a, b = name[start:], other[start:]
    if any(sign.isdigit() for sign in (a[:1], b[:1])):
        return False
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _tables(glances: Sequence[Glance], made: set[str]) -> Iterator[str]:
    """Yield the tables of which a statement seems to use a column that no statement before it names."""
    words: dict[str, set[str]] = {}
    lost: dict[str, set[str]] = {}
    for one in _all(glances):
        if one.name not in made:
            continue
        known, gone = words.get(one.name), lost.get(one.name, ())
        if known is not None and any(column in gone or column not in known for column in one.columns):
            yield one.name
        if one.text:
            words.setdefault(one.name, set()).update(_WORD.findall(one.text))
        if one.lost:
            lost.setdefault(one.name, set()).update(one.lost)
