"""Put the demands of several pending migrations together: what each asks of the tables as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from koonj.postgres.demands.change import MOVED
from koonj.postgres.demands.demand import (
    ROWS,
    Demand,
    DemandKind,
    Demands,
    GivenRows,
    Layer,
    Lineage,
    Source,
)
from koonj.postgres.demands.inserted_reference import with_given
from koonj.postgres.demands.refresh import BASE

Place = tuple[int, int]
"""A pending migration and a statement of it, by their numbers."""
NOWHERE: Place = (-1, 0)


@dataclass(frozen=True, slots=True)
class Level:
    """A relation at one moment: its name, and its columns made of those of the level below."""

    alias: str
    layer: Layer | None
    place: Place = NOWHERE
    """Where the statement is that made it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A relation of the target, and what the pending statements do to it."""

    relation: str
    """Its name on the target, with its schema, quoted for SQL."""
    levels: tuple[Level, ...] = ()

    @property
    def alias(self) -> str:
        """The name without the schema that expressions about it use."""
        return self.levels[-1].alias if self.levels else bare_name(self.relation)


@dataclass(frozen=True, slots=True)
class Read:
    """A relation that a question reads."""

    name: str
    """The name that it has in the query."""
    origin: Origin
    only: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A demand of a pending migration, for the target."""

    migration: str
    demand: Demand
    reads: tuple[Read, ...]
    parents: tuple[str, ...] = ()
    """Names on the target of the partitioned tables whose OIDs the query needs."""
    may: str = ""
    unknown: str = ""
    last_write: Place = NOWHERE
    """The last statement before it that can have written to the rows."""


@dataclass(frozen=True, slots=True)
class PendingDemands:
    """A pending migration with its demands."""

    name: str
    demands: Demands
    done: int = 0
    """Number of its statements that are committed already."""


@dataclass(frozen=True, slots=True)
class _State:
    """A relation after the pending migrations so far."""

    origin: Origin | None
    """None: one of them made it."""
    writer: str = ""
    """The first of them that writes into it."""
    last_write: Place = NOWHERE
    moved: bool = False
    given: tuple[GivenRows, ...] = ()
    """Rows that they insert into it."""


@dataclass(slots=True)
class _Composer:
    states: dict[str, _State] = field(default_factory=dict)
    """By current name; a relation that is not here is as on the target."""
    any_writer: str = ""
    last_write_any: Place = NOWHERE
    unknown: str = ""
    number: int = 0
    """Of the migration whose turn it is."""

    def state(self, name: str) -> _State:
        return self.states.get(name, _State(Origin(name)))

    def questions(self, pending: PendingDemands, demands: Demands) -> Iterator[Question]:
        lineages = {lineage.relation: lineage for lineage in demands.lineages}
        for demand in demands.demands:
            rows = demand.sources[0]
            if demand.statement > pending.done and self.state(rows.relation).origin is not None:
                question = self._question(pending, demand, lineages)
                if not _is_filled(question):
                    yield question

    def _question(self, pending: PendingDemands, demand: Demand, lineages: Mapping[str, Lineage]) -> Question:
        reads, may, unknown = list[Read](), demand.may, self.unknown or demand.unknown
        for source in demand.sources:
            state = self.state(source.relation)
            what = "this table" if source.name == ROWS else source.relation
            if source.name.startswith(BASE) and self._is_changed(source, lineages.get(source.relation)):
                unknown = unknown or f"a pending migration changes {source.relation}, which the view reads"
            if state.origin is None:
                unknown = unknown or f"an earlier pending migration makes {source.relation}"
                continue
            writer = state.writer or self.any_writer
            if writer:
                may = f"{writer} writes to {what} first"
            if state.moved:
                unknown = unknown or MOVED
            lineage = lineages.get(source.relation)
            origin = self._after(state.origin, lineage, source, pending.done)
            reads.append(Read(source.name, origin, source.only))
            if demand.reference:
                demand = with_given(demand, state.given)
        parents = [self.state(name).origin for name in demand.hashed]
        if any(parent is None for parent in parents):
            unknown = unknown or "an earlier pending migration makes the partitioned table"
        names = tuple(parent.relation for parent in parents if parent is not None)
        own = (self.number, demand.last_write) if demand.last_write else NOWHERE
        last = max(own, self.state(demand.sources[0].relation).last_write, self.last_write_any)
        return Question(pending.name, demand, tuple(reads), names, may, unknown, last)

    def _is_changed(self, source: Source, lineage: Lineage | None) -> bool:
        """Return whether an earlier statement changes a table that a query names as it was."""
        steps = () if lineage is None else lineage.steps
        earlier = any(step.statement <= source.through for step in steps)
        state = self.state(source.relation)
        was_changed = state.moved or state.origin != Origin(source.relation)
        return earlier or was_changed or (lineage is not None and lineage.moved)

    def pass_over(self, name: str, demands: Demands, done: int) -> None:
        """Note what a migration leaves behind for the next one."""
        after = dict(self.states)
        for lineage in demands.lineages:
            after.pop(lineage.relation, None)
        for lineage in demands.lineages:
            state = self.state(lineage.relation)
            if lineage.dropped:
                continue
            origin = state.origin
            if origin is not None:
                origin = self._after(origin, lineage, Source(ROWS, lineage.relation, _ALL), done)
            moved = state.moved or lineage.moved
            after[lineage.final_name] = replace(state, origin=origin, moved=moved)
        for made in demands.made:
            after[made] = _State(None)
        self.states = after
        for written, last in zip(demands.writes, demands.last_writes, strict=True):
            state = self.state(written)
            self.states[written] = replace(state, writer=state.writer or name, last_write=(self.number, last))
        for given in demands.given:
            state = self.state(given.relation)
            self.states[given.relation] = replace(state, given=(*state.given, given))
        if demands.writes_any:
            self.any_writer = self.any_writer or name
            self.last_write_any = (self.number, demands.last_write_any)

    def _after(self, origin: Origin, lineage: Lineage | None, source: Source, done: int) -> Origin:
        """Return a relation after the statements that the source includes, less those that are committed."""
        relation, levels = origin.relation, list(origin.levels)
        for step in () if lineage is None else lineage.steps:
            if step.statement > source.through:
                break
            if step.statement <= done:
                relation = f"{step.schema}.{step.alias}"
            else:
                levels.append(Level(step.alias, step.layer, (self.number, step.statement)))
        return Origin(relation, tuple(levels))


_ALL = 1_000_000_000
"""More statements than a migration has."""


def compose(pending: Iterable[PendingDemands]) -> Iterator[Question]:
    """Yield the questions of the pending migrations, in their order."""
    composer = _Composer()
    for number, one in enumerate(pending):
        composer.number = number
        if one.demands.unknown:
            composer.unknown = composer.unknown or f"it is not known what {one.name} does before"
            continue
        yield from composer.questions(one, one.demands)
        composer.pass_over(one.name, one.demands, one.done)


def _is_filled(question: Question) -> bool:
    """Return whether a demand is about a column that the migrations add and fill: no row has it now.

    Who writes to the table later fills it, and so does a default with another value for each row.
    """
    columns = set(question.demand.columns)
    for level in reversed(question.reads[0].origin.levels if question.reads else ()):
        if level.layer is None:
            continue
        values = {value.name: value for value in level.layer.columns if value.name in columns}
        if any(value.is_new for value in values.values()):
            numbered = question.demand.kind is DemandKind.NOT_NULL
            is_numbered = numbered and all(one.is_numbered for one in values.values())
            return is_numbered or question.last_write > level.place
        columns = {values[name].expression if name in values else name for name in columns}
    return False


def bare_name(qualified: str) -> str:
    """Return the last part of a name that is quoted for SQL."""
    quoted = False
    for place, character in enumerate(qualified):
        quoted ^= character == '"'
        if character == "." and not quoted:
            return qualified[place + 1 :]
    return qualified
