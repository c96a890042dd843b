"""Answer the questions of rules about the files before a file, from their facts.

A finding with a condition holds only if the files before it do not show that its statement is safe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from koonj.checks import facts
from koonj.checks.column_types import rewrites
from koonj.checks.current_facts import current
from koonj.checks.facts import Fact
from koonj.checks.model import Condition

NO_CHECK, NO_INDEX, REWRITES = "no_check", "no_index", "rewrites"
FILLED, UNCHECKED_CHILD, IN_USE = "filled", "unchecked_child", "in_use"


def holds(condition: Condition, known: Sequence[Fact]) -> bool:
    """Return whether a finding with this condition holds.

    `known`: the facts about all names that the table of the condition has had, the oldest first.
    """
    return not condition or _ANSWERS[condition[0]](condition[1:], current(known, condition[1]))


def own_facts(condition: Condition, before: int) -> int | None:
    """Return how many of a file's own facts count for a condition; None: all of them.

    `before`: the number of facts before the statement.
    """
    match condition[0]:
        case "no_index":
            return None  # an index that the file creates later is there in time
        case "in_use":
            return 0  # the application needs time between the two steps
        case _:
            return before


def _no_check(asked: Condition, known: Sequence[Fact]) -> bool:
    """Return whether no valid CHECK is known that says ``column IS NOT NULL``."""
    table, column = asked
    if (facts.NOT_NULL, table, column) in known:
        return False
    waiting: dict[str, Fact] = {}
    for fact in known:
        if fact[:2] == (facts.UNVALIDATED, table):
            waiting[fact[2]] = fact[3:]
        elif (fact[:2] == (facts.CHECK, table) and column in fact[2:]) or (
            fact[:2] == (facts.VALIDATED, table) and column in waiting.get(fact[2], (column,))
        ):
            return False
    return True


def _no_index(asked: Condition, known: Sequence[Fact]) -> bool:
    """Return whether the table surely has no index that begins with these columns."""
    table, origin, *columns = asked
    if any(
        fact[1:2] == (table,) and fact[0] in {facts.OPAQUE, facts.RENAMED, facts.RENAMED_COLUMN}
        for fact in known
    ):
        return False
    if origin == "existing" and (facts.MADE, table) not in known:
        return False
    count = len(columns)
    indexes = (fact[2:] for fact in known if fact[:2] == (facts.INDEX, table))
    return not any(sorted(index[:count]) == sorted(columns) for index in indexes)


def _rewrites(asked: Condition, known: Sequence[Fact]) -> bool:
    table, column, new = asked
    types = [fact[3] for fact in known if fact[:3] == (facts.TYPE, table, column)]
    return rewrites(types[-1] if types else "", new)


def _filled(asked: Condition, known: Sequence[Fact]) -> bool:
    """Return whether a materialized view is not known to be empty, which CONCURRENTLY refuses."""
    about = [
        fact[0] for fact in known if fact[1:2] == asked and fact[0] in {facts.EMPTY_VIEW, facts.REFRESHED}
    ]
    return about[-1:] != [facts.EMPTY_VIEW]


def _unchecked_child(asked: Condition, known: Sequence[Fact]) -> bool:
    """Return whether a table is known, and known to have no valid CHECK."""
    about = {fact[0] for fact in known if fact[1:2] == asked}
    surely = {facts.CHECK, facts.VALIDATED, facts.OPAQUE, facts.RENAMED}
    return facts.MADE in about and not about & surely


def _in_use(asked: Condition, known: Sequence[Fact]) -> bool:
    """Return whether no earlier file has moved the table, or renamed the column, out of the way."""
    if len(asked) == 1:
        return (facts.MOVED, *asked) not in known
    return all(fact[:3] != (facts.RENAMED_COLUMN, *asked) for fact in known)


_ANSWERS: Mapping[str, Callable[[Condition, Sequence[Fact]], bool]] = {
    NO_CHECK: _no_check,
    NO_INDEX: _no_index,
    REWRITES: _rewrites,
    FILLED: _filled,
    UNCHECKED_CHILD: _unchecked_child,
    IN_USE: _in_use,
}
