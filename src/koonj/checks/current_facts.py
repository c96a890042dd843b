"""Follow the facts about a table through the statements that rename it and its columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from koonj.checks import facts
from koonj.checks.facts import Fact

_COLUMNS_AT = {facts.NOT_NULL: 2, facts.CHECK: 2, facts.INDEX: 2, facts.UNVALIDATED: 3}
"""Where the columns begin in a fact; of the other kinds, only `facts.TYPE` names one."""


def current(known: Iterable[Fact], table: str) -> Sequence[Fact]:
    """Return what is known about a table, with the names that it and its columns have after the last fact.

    `known`: in their order, about all names that the table has had.
    """
    tables: dict[str, list[Fact]] = {}
    for fact in known:
        kind, name = fact[:2]
        about = tables.setdefault(name, [])
        if kind == facts.RENAMED and len(fact) > 2:
            about += [(one[0], name, *one[2:]) for one in tables.pop(fact[2], [])]
        elif kind == facts.RENAMED_COLUMN:
            about[:] = [_renamed(one, old=fact[3], new=fact[2]) for one in about]
        about.append(fact)
    return tables.get(table, [])


def _renamed(fact: Fact, *, old: str, new: str) -> Fact:
    if fact[0] == facts.TYPE:
        return (*fact[:2], new, *fact[3:]) if fact[2] == old else fact
    start = _COLUMNS_AT.get(fact[0], len(fact))
    return (*fact[:start], *(new if column == old else column for column in fact[start:]))


def old_names(known: Iterable[Fact], tables: Collection[str]) -> set[str]:
    """Return the names that these tables had before a rename."""
    return {fact[2] for fact in known if fact[0] == facts.RENAMED and len(fact) > 2 and fact[1] in tables}


def new_tables(known: Iterable[Fact]) -> set[str]:
    """Return the names of the tables that the statements make."""
    made = set[str]()
    for fact in known:
        if fact[0] == facts.MADE or (fact[0] == facts.RENAMED and made & set(fact[2:])):
            made.add(fact[1])
    return made
