"""Compare the schema after each file of a chain with the schema of a target. Uses no database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from koonj.migrations.migration import Migration
from koonj.postgres.catalog.catalog import Catalog, Difference, ObjectName
from koonj.postgres.catalog.compare import compare, significant, top_level
from koonj.runner.adopt.plan import Candidate, EvidenceKind, FileEvidence
from koonj.runner.drift.comparison import comparable_pair, without_history, without_owners_and_defaults

_SHOWN_CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class _Step:
    migration: Migration | None
    """None: before the first file."""
    touched: frozenset[ObjectName]
    created: frozenset[ObjectName]
    objects: int
    """Number of the objects that it changes, without parts of objects that it creates or drops."""
    distance: int
    """Number of differences from the target after it, without those in parts of other differences."""


@dataclass
class ChainComparison:
    """The schemas after each file, as differences from the target's. Keeps only two of them whole."""

    target: Catalog
    tables: frozenset[str] = frozenset()
    """The tables of another tool's history, which are not compared."""
    wanted: str | None = None
    """Name of the last file, if the user has named it; None: the one that comes closest."""
    steps: list[_Step] = field(default_factory=list)
    objects: int = 0
    _before: Catalog | None = None
    _best: int = 0
    """Index of the step that is wanted, or that comes closest to the target."""
    _first: tuple[Difference, ...] = ()
    """The differences before the first file."""
    _closest: tuple[Difference, ...] = ()
    """The differences after the step `_best`."""
    _last: tuple[Difference, ...] = ()

    def add(self, migration: Migration | None, expected: Catalog, *, with_owners: bool) -> None:
        """Add the schema after `migration`, or before the first one (None)."""
        actual = self.target
        if not with_owners:
            expected, actual = map(without_owners_and_defaults, (expected, actual))
        actual = without_history(actual, self.tables, expected)
        expected, actual = comparable_pair(expected, actual)
        differences = significant(compare(expected, actual))
        changes = () if self._before is None else significant(compare(self._before, expected))
        step = _Step(
            migration,
            frozenset(map(_name, changes)),
            frozenset(_name(change) for change in changes if change.expected is None),
            len(top_level(changes)),
            len(top_level(differences)),
        )
        self.steps.append(step)
        self._before, self._last, self.objects = expected, differences, len(actual.objects)
        if migration is None:
            self._first = self._closest = differences
        elif self._is_better(step):
            self._best, self._closest = len(self.steps) - 1, differences

    def _is_better(self, step: _Step) -> bool:
        if self.wanted is not None:
            return step.migration is not None and step.migration.name == self.wanted
        return self._best == 0 or step.distance <= self.steps[self._best].distance

    def _chosen(self) -> tuple[int, tuple[Difference, ...]]:
        """Return the index of the last step to adopt, 0 for none, and the differences after it.

        If the user has not named it, files are only adopted if the target has a trace of one of them.
        """
        if self.wanted is None:
            kinds = {_kind(step, self._closest) for step in self.steps[1 : self._best + 1]}
            if self.steps[0].distance == 0 or kinds <= {EvidenceKind.NO_TRACE, EvidenceKind.ROWS_ONLY}:
                return 0, self._first
        return self._best, self._closest

    @property
    def is_equal(self) -> bool:
        """Whether the chosen schema is the target's."""
        return self.steps[self._chosen()[0]].distance == 0

    @property
    def last(self) -> str:
        """Name of the chosen last file; empty: none of them."""
        return _file(self.steps[self._chosen()[0]].migration)

    def files(self, not_run: Sequence[Migration]) -> tuple[FileEvidence, ...]:
        """Return what is known of each file. `not_run`: those after a file that failed."""
        found, (chosen, closest) = [], self._chosen()
        for index, step in enumerate(self.steps):
            if step.migration is None:
                continue
            adopt = index <= chosen
            differences = _of_step(step, closest if adopt else self._last)
            kind, shown = _kind(step, differences), top_level(differences)
            number, name = step.migration.number, step.migration.name
            found.append(FileEvidence(number, name, kind, step.objects, shown, adopt))
        unknown = EvidenceKind.UNKNOWN
        found += [FileEvidence(m.number, m.name, unknown, 0, (), adopt=False) for m in not_run]
        return tuple(found)

    def others(self) -> tuple[Difference, ...]:
        """Return the differences in objects that no file of the chosen chain changes."""
        chosen, differences = self._chosen()
        touched = frozenset[ObjectName]().union(*(s.touched for s in self.steps[: chosen + 1]))
        return top_level(d for d in differences if _name(d) not in touched)

    def candidates(self) -> tuple[Candidate, ...]:
        """Return the last files that come closest to the target, best first."""
        order = sorted(range(len(self.steps)), key=lambda index: (self.steps[index].distance, -index))
        found = (self.steps[index] for index in order[:_SHOWN_CANDIDATES])
        return tuple(
            Candidate(0 if s.migration is None else s.migration.number, _file(s.migration), s.distance)
            for s in found
        )


def _of_step(step: _Step, differences: Sequence[Difference]) -> tuple[Difference, ...]:
    return tuple(d for d in differences if _name(d) in step.touched)


def _kind(step: _Step, differences: Sequence[Difference]) -> EvidenceKind:
    """Return what the differences after the last file say about this one."""
    of_step = _of_step(step, differences)
    if not step.touched:
        return EvidenceKind.ROWS_ONLY
    if not of_step:
        return EvidenceKind.EQUAL
    missing = {_name(d) for d in of_step if d.actual is None}
    return EvidenceKind.NO_TRACE if step.created and step.created <= missing else EvidenceKind.DIFFERS


def _name(difference: Difference) -> ObjectName:
    return ObjectName(difference.kind, difference.identity)


def _file(migration: Migration | None) -> str:
    return "" if migration is None else migration.name
