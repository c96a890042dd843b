"""Find changes of relations, columns and constraints by comparing two states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from koonj.postgres.locks.queries import Modes
from koonj.postgres.locks.relations import Column, Constraint, Relation, Relations
from koonj.postgres.locks.storage import replaced
from koonj.postgres.locks.trace import ColumnChange, ConstraintChange, LockMode, RelationChange, RelationLock

_CONSTRAINTS = {
    "c": "check",
    "f": "foreign key",
    "n": "not null",
    "p": "primary key",
    "t": "trigger",
    "u": "unique",
    "x": "exclusion",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """State before the transaction, before the statement, and after the statement."""

    initial: Relations
    before: Relations
    now: Relations

    def name(self, oid: int) -> str:
        """Return the name of a relation in the oldest state that contains it.

        Raises: KeyError if no state contains it.
        """
        for state in (self.initial, self.before, self.now):
            if oid in state:
                return state[oid].name
        raise KeyError(oid)

    def altered(self) -> Iterator[tuple[Relation, Relation]]:
        """Yield pairs of the state before and after the statement, if they differ.

        Only relations that exist in both states.
        """
        for oid, after in self.now.items():
            old = self.before.get(oid)
            if old is not None and old is not after and old != after:
                yield old, after


def relation_changes(states: Comparison) -> tuple[RelationChange, ...]:
    """Return relations that were created, dropped or validated.

    An index that was only rebuilt is not included.
    """
    before, now = states.before, states.now
    same = replaced(before, now)
    removed = [old for oid, old in before.items() if oid not in now and oid not in same]
    added = [new for oid, new in now.items() if oid not in before and oid not in set(same.values())]
    return (
        *sorted((_change(states, old, "dropped") for old in removed), key=_by_name),
        *sorted((_change(states, new, "created") for new in added), key=_by_name),
        *sorted((_change(states, new, "validated") for new in _now_valid(states)), key=_by_name),
    )


def _now_valid(states: Comparison) -> Iterator[Relation]:
    """Yield indexes that were INVALID and are valid now.

    Such an index belongs to a partitioned table, before the indexes of all partitions are attached to it.
    """
    return (after for old, after in states.altered() if old.valid is False and after.valid)


def _by_name(change: RelationChange) -> str:
    return change.relation


def _change(states: Comparison, relation: Relation, change: str) -> RelationChange:
    of = None if relation.table is None else states.name(relation.table)
    return RelationChange(states.name(relation.oid), relation.kind, change, of, relation.valid is not False)


def column_changes(states: Comparison) -> tuple[ColumnChange, ...]:
    """Return changes of columns of relations that existed before the statement."""
    found: list[ColumnChange] = []
    for old, after in states.altered():
        if old.columns_json != after.columns_json:
            found += _columns(states, old, after)
    return tuple(sorted(found, key=lambda change: change.relation))


def _columns(states: Comparison, old: Relation, after: Relation) -> Iterator[ColumnChange]:
    relation, was, is_ = states.name(old.oid), old.columns(), after.columns()
    first = states.initial[old.oid].columns() if old.oid in states.initial else {}
    for number in sorted(was.keys() | is_.keys()):
        existed = number in first
        if number not in was:
            yield ColumnChange(relation, is_[number].name, "added", existed=existed)
        elif number not in is_:
            old_one = was[number]
            yield ColumnChange(
                relation, old_one.name, "dropped", existed=existed, generated=old_one.generated
            )
        else:
            name = was[number].name
            for change, before, now in _column(was[number], is_[number]):
                base = was[number].base_type or "" if change == "type_changed" else ""
                yield ColumnChange(relation, name, change, before, now, existed, base=base)


def _column(was: Column, is_: Column) -> Iterator[tuple[str, str, str]]:
    if was.name != is_.name:
        yield "renamed", was.name, is_.name
    same_type = (was.type_oid, was.type_modifier) == (is_.type_oid, is_.type_modifier)
    if not same_type:  # compared by OID: a type can be renamed, and another type can get its old name
        yield "type_changed", was.type, is_.type
    if was.not_null != is_.not_null:
        yield ("not_null" if is_.not_null else "nullable"), "", ""
    # A change of the type recreates the default with another OID.
    if was.default != is_.default and (same_type or None in {was.default, is_.default}):
        yield "default", "", ""


def constraint_changes(states: Comparison) -> tuple[ConstraintChange, ...]:
    """Return changes of constraints of relations that exist now.

    A relation counts if it existed before, or if the statement created it.
    """
    found: list[ConstraintChange] = []
    for oid, after in states.now.items():
        old = states.before.get(oid)
        if old is after or (old is not None and old.constraints_json == after.constraints_json):
            continue
        was = {} if old is None else old.constraints()
        found += _constraints(states.name(oid), was, after.constraints())
    return tuple(sorted(found, key=lambda change: change.relation))


def _constraints(
    relation: str, was: dict[int, Constraint], is_: dict[int, Constraint]
) -> Iterator[ConstraintChange]:
    removed = {was[oid] for oid in was.keys() - is_.keys()}
    added = {is_[oid] for oid in is_.keys() - was.keys()}
    for constraint in sorted(removed - added, key=_name):  # a new type recreates them with other OIDs
        yield _constraint(relation, constraint, "dropped")
    for constraint in sorted(added - removed, key=_name):
        yield _constraint(relation, constraint, "added" if constraint.validated else "added_not_valid")
    for oid in sorted(was.keys() & is_.keys()):
        if is_[oid].validated and not was[oid].validated:
            yield _constraint(relation, was[oid], "validated")


def _name(constraint: Constraint) -> str:
    return constraint.name


def _constraint(relation: str, constraint: Constraint, change: str) -> ConstraintChange:
    return ConstraintChange(relation, constraint.name, _CONSTRAINTS[constraint.type], change)


def strongest(modes: Modes, initial: Relations) -> tuple[RelationLock, ...]:
    """Return one lock per relation, sorted by name.

    Relations that did not exist before the transaction are omitted: no other session can use them.
    """
    found = (_lock(oid, held, initial) for oid, held in modes.items() if held and oid in initial)
    return tuple(sorted(found, key=lambda lock: lock.relation))


def _lock(oid: int, held: frozenset[LockMode], initial: Relations) -> RelationLock:
    relation = initial[oid]
    table = None if relation.table is None else initial.get(relation.table)
    of = None if table is None else table.name
    return RelationLock(relation.name, relation.kind, max(held, key=lambda mode: mode.rank), of)


def taken(before: Modes, now: Modes) -> Modes:
    """Return the modes that were not held before."""
    return {oid: held - before.get(oid, frozenset()) for oid, held in now.items()}


def raised(before: Modes, now: Modes) -> Modes:
    """Return the modes of relations whose strongest mode became stronger.

    pg_locks does not show that a held mode, or a weaker one, is taken again. For an ALTER TABLE after another
    one that holds ACCESS EXCLUSIVE, it would show only some weaker modes, which would be misleading.
    """
    return {oid: held for oid, held in now.items() if _rank(held) > _rank(before.get(oid, frozenset()))}


def _rank(held: frozenset[LockMode]) -> int:
    return max((mode.rank for mode in held), default=0)
