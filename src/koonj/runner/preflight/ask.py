"""Ask a target one question, in a READ ONLY transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Any

import psycopg
from psycopg.rows import tuple_row

from koonj.config import Target
from koonj.humanize import byte_words
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.demands.demand import Counted
from koonj.postgres.demands.target_facts import (
    TargetRelation,
    hold,
    set_limits,
)
from koonj.postgres.read_transaction import read_transaction
from koonj.runner.preflight import query
from koonj.runner.preflight.compose import Question, bare_name
from koonj.runner.preflight.likely import likely_part
from koonj.runner.preflight.refusal import Refused, UnansweredError, attempt
from koonj.runner.preflight.wording import broken, message, with_examples
from koonj.runner.run.row_check import Preflight, QuickLimit, RowCheck, RowOutcome
from koonj.sql.display import visible

SMALL = 100_000_000
"""Bytes up to which every row of a table is read at once: about half a second for the usual question."""
QUICK_TIMEOUT, EXACT_TIMEOUT = "2s", "60s"
PATIENCE = 90.0
"""Seconds without an answer after which the connection is given up: more than the server's own limit."""
SAMPLE = 1.0
"""Percent of the pages of a larger table that are read."""
_LONGEST = 40
"""Characters of a key that are shown."""


@dataclass(frozen=True, slots=True)
class _Hit:
    """Rows that break a demand."""

    rows: int
    at_least: bool
    examples: tuple[str, ...] = ()
    raised: bool = False
    """The expression itself failed."""


@dataclass(slots=True)
class Asking:
    """One question to one target."""

    conn: LimitedAsyncConnection
    question: Question
    mode: Preflight
    key: tuple[str, ...] = ()
    facts: Mapping[str, TargetRelation] = field(default_factory=dict)

    async def answer(self, target: Target, *, too_late: str = "") -> RowCheck:
        """Return the answer. Every error that leaves the connection usable is an answer too.

        `too_late`: why there is no time for a question that could be asked; empty if there is.

        Raises: ConnectError; psycopg.Error if the connection was lost.
        """
        question, started = self.question, monotonic()
        unknown = self._cannot_ask()
        if unknown:
            return self._check(RowOutcome.NOT_KNOWN, reason=unknown)
        if too_late:
            return self._check(RowOutcome.NOT_KNOWN, reason=too_late, limit=QuickLimit.TOTAL_TIME)
        limit = self.conn.answer_limit
        self.conn.answer_limit = None if limit is None else max(limit, PATIENCE)
        try:
            async with read_transaction(self.conn, target):
                timeout = EXACT_TIMEOUT if self.mode is Preflight.EXACT else QUICK_TIMEOUT
                await set_limits(self.conn, timeout, question.demand.settings)
                self.facts = await hold(self.conn, query.relations(question))
                found: _Hit | UnansweredError | None = await self._ask()
        except psycopg.Error as error:
            if self.conn.closed:
                raise
            found = UnansweredError.of(error)
        except UnansweredError as error:
            found = error
        finally:
            self.conn.answer_limit = limit
        return self._answer(found, monotonic() - started)

    def _cannot_ask(self) -> str:
        if self.question.unknown:
            return self.question.unknown
        if self.question.demand.calls:
            return f"it would call {', '.join(self.question.demand.calls)} on the target"
        return ""

    async def _ask(self) -> _Hit | None:
        """Return the rows that break the demand.

        Raises: UnansweredError; psycopg.Error.
        """
        for name in query.relations(self.question):
            one = self.facts.get(name)
            if one is None:
                raise UnansweredError(f"the target has no table {name}")
            if not one.is_readable:
                raise UnansweredError(f"{name} is, or contains, a view or a foreign table")
        rows = self.facts[self.question.reads[0].origin.relation]
        is_inserted = self.question.demand.counted is Counted.INSERTED
        self.key = self.question.demand.keys if is_inserted else rows.key
        large = max(self.facts[read.origin.relation].bytes for read in self.question.reads)
        if self.mode is Preflight.EXACT or large <= SMALL or is_inserted:
            return await self._whole(rows)
        hit = await self._sample()
        if hit is None:
            reason = f"{SAMPLE:g} % of {byte_words(large)} was read, and passes"
            raise UnansweredError(reason, QuickLimit.SAMPLE)
        return hit

    async def _whole(self, rows: TargetRelation) -> _Hit | None:
        hit = await self._computed(rows)
        if hit is not None or not self._uses_tail:
            return hit
        found = await self._of_rows(partial(query.found, self.question, self.key), query.ALL)
        if isinstance(found, Refused):
            return _Hit(1, at_least=True, raised=True)
        if not found:
            return None
        examples = tuple(_shown(row) for row in found) if self.key else ()
        try:
            counted = await self._rows(query.number(self.question))
        except UnansweredError:
            return _Hit(len(found), at_least=True, examples=examples)
        if isinstance(counted, Refused):
            return _Hit(len(found), at_least=True, examples=examples)
        return _Hit(counted[0][0], at_least=False, examples=examples)

    @property
    def _uses_tail(self) -> bool:
        demand = self.question.demand
        return bool(demand.tail) and self.conn.info.server_version >= demand.needs_major * 10000

    async def _computed(self, rows: TargetRelation) -> _Hit | None:
        """Return whether the expression of the demand fails for a row, and for which one."""
        demand = self.question.demand
        if not demand.raises or (demand.needs_major and self._uses_tail):
            return None
        found = await self._of_rows(partial(query.computed, self.question), query.ALL)
        if not isinstance(found, Refused):
            return None
        examples = await self._bisect(rows) if self.key and rows.kind != "p" and rows.parts == 1 else ()
        return _Hit(1, at_least=True, examples=examples, raised=True)

    async def _bisect(self, rows: TargetRelation) -> tuple[str, ...]:
        """Return the key of a row for which the expression fails: by halves of the table, then row by row."""
        low, high = 0, await self._blocks(rows)
        try:
            while high - low > 1:
                middle = (low + high) // 2
                if await self._fails(query.Part(condition=_between(rows, low, middle))):
                    high = middle
                else:
                    low = middle
            for place in range(1, 300):  # the most rows of a page of 8 kB
                part = query.Part(condition=f"{_alias(rows)}.ctid = '({low},{place})'::pg_catalog.tid")
                if await self._fails(part):
                    found = await self._rows(query.keys_of(self.question, self.key, part))
                    return () if isinstance(found, Refused) else tuple(_shown(row) for row in found)
        except UnansweredError:
            return ()
        return ()

    async def _blocks(self, rows: TargetRelation) -> int:
        found = await self._rows(f"SELECT pg_catalog.max(ctid) FROM ONLY {rows.name}")
        if isinstance(found, Refused) or found[0][0] is None:
            return 0
        return int(str(found[0][0]).strip("()").partition(",")[0]) + 1

    async def _of_rows(
        self, made: Callable[[query.Part], str], part: query.Part
    ) -> list[tuple[Any, ...]] | Refused:
        """Run a query for some rows. If it is refused without any row, too, no row is the reason."""
        found = await self._rows(made(part))
        if isinstance(found, Refused) and isinstance(await self._rows(made(query.NONE)), Refused):
            raise UnansweredError("the query names a value that the target does not have yet")
        return found

    async def _fails(self, part: query.Part) -> bool:
        return isinstance(await self._rows(query.computed(self.question, part)), Refused)

    async def _sample(self) -> _Hit | None:
        """Return rows that break the demand: where statistics show some, or in a sample of the table."""
        likely = await likely_part(self.conn, self.question, self._rows, uses_tail=self._uses_tail)
        if likely is not None:
            try:
                hit = await self._in_part(likely)
            except UnansweredError:  # without an index, a value that is gone is looked for too long
                hit = None
            if hit is not None:
                return hit
        return await self._in_part(query.Part(sample=SAMPLE))

    async def _in_part(self, part: query.Part) -> _Hit | None:
        demand = self.question.demand
        if demand.raises and not (demand.needs_major and self._uses_tail):
            computed = await self._of_rows(partial(query.computed, self.question), part)
            if isinstance(computed, Refused):
                return _Hit(1, at_least=True, raised=True)
        if not self._uses_tail:
            return None
        found = await self._of_rows(partial(query.found, self.question, self.key), part)
        if isinstance(found, Refused):
            return _Hit(1, at_least=True, raised=True)
        examples = tuple(_shown(row) for row in found) if self.key else ()
        return _Hit(len(found), at_least=True, examples=examples) if found else None

    async def _rows(self, text: str) -> list[tuple[Any, ...]] | Refused:
        async def read() -> list[tuple[Any, ...]]:
            async with self.conn.cursor(row_factory=tuple_row) as cursor:
                await cursor.execute(text.encode(), prepare=False)
                return await cursor.fetchall()

        return await attempt(self.conn, read)

    def _answer(self, found: _Hit | UnansweredError | None, seconds: float) -> RowCheck:
        at = datetime.now(UTC)
        if found is None:
            return self._check(RowOutcome.PASSES, at=at, seconds=seconds)
        if isinstance(found, UnansweredError):
            limit = None if self.mode is Preflight.EXACT else found.limit
            return self._check(RowOutcome.NOT_KNOWN, reason=found.reason, limit=limit, at=at, seconds=seconds)
        hit, demand = found, self.question.demand
        doubt = self.question.may or ("" if hit.raised else demand.rough)
        outcome = RowOutcome.MAY_FAIL if doubt else RowOutcome.WILL_FAIL
        return self._check(outcome, reason=doubt, hit=hit, at=at, seconds=seconds)

    def _check(
        self,
        outcome: RowOutcome,
        *,
        reason: str = "",
        limit: QuickLimit | None = None,
        hit: _Hit | None = None,
        at: datetime | None = None,
        seconds: float = 0.0,
    ) -> RowCheck:
        demand = self.question.demand
        itself = demand.counted is Counted.RELATION
        groups = demand.counted is Counted.GROUPS and not (hit is not None and hit.raised)
        examples = () if hit is None else hit.examples
        place = demand.relation
        if demand.counted is Counted.INSERTED:
            place = f"those that it inserts into {demand.relation}"
        if itself and outcome is RowOutcome.PASSES:
            sentence = f"nothing is wrong with {demand.relation}"
        elif itself:
            sentence = f"{demand.relation} {demand.words}"
        elif hit is None:
            rows = "no rows" if outcome is RowOutcome.PASSES else "rows"
            sentence = f"{rows} of {place} {'share ' if groups else ''}{demand.words}"
        else:
            sentence = broken(demand.words, place, hit.rows, groups=groups, at_least=hit.at_least)
            sentence = with_examples(sentence, self.key, examples, groups=groups)
        return RowCheck(
            statement=demand.statement,
            line=demand.line,
            kind=demand.kind.value,
            relation=demand.relation,
            outcome=outcome,
            message=message(outcome, sentence, reason),
            rows=None if hit is None else hit.rows,
            at_least=hit is not None and hit.at_least,
            key=self.key if examples else (),
            examples=examples,
            reason=reason,
            limit=limit,
            query="" if hit is None else query.to_copy(self.question, self.key),
            at=at,
            seconds=seconds,
        )


def _between(rows: TargetRelation, low: int, high: int) -> str:
    ctid = f"{_alias(rows)}.ctid"
    return f"{ctid} >= '({low},0)'::pg_catalog.tid AND {ctid} < '({high},0)'::pg_catalog.tid"


def _alias(rows: TargetRelation) -> str:
    return bare_name(rows.name)


def _shown(row: Sequence[Any]) -> str:
    """Return the key of a row for a person: short, and without control characters."""
    values = [visible("" if value is None else str(value)) for value in row]
    cut = [value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…" for value in values]
    return cut[0] if len(cut) == 1 else f"({', '.join(cut)})"
