"""Write the queries of a question: the table as it is on the target, with the pending changes above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from koonj.postgres.demands.demand import INSERTED, PLACE, ROWS, TABLE, ColumnValue, Counted
from koonj.postgres.demands.partition import HASHED
from koonj.runner.preflight.compose import Origin, Question, Read, bare_name

EXAMPLES = 3
"""Rows that are named."""
_KEY = "koonj_key"


@dataclass(frozen=True, slots=True)
class Part:
    """Which rows of the table a query reads; all, if nothing is set."""

    sample: float = 0.0
    """Percent of its pages."""
    condition: str = ""


ALL = Part()
NONE = Part(condition="false")


def found(question: Question, key: Sequence[str], part: Part = ALL) -> str:
    """Return a query for a few rows that break the demand, with their keys as texts."""
    columns = [f"{name}::pg_catalog.text" for name in _names(question, key)]
    if question.demand.counted is Counted.GROUPS:
        columns = [f"(pg_catalog.array_agg({one}))[1]" for one in columns]
    inner = f"SELECT {', '.join(columns) or '1'} {question.demand.tail}"
    # Planned for all rows: with a plain LIMIT the planner expects to stop early, and is slow without a hit.
    ctes = f"{_sources(question, key, part)}, koonj_found AS MATERIALIZED ({inner})"
    return f"WITH {ctes} SELECT * FROM koonj_found LIMIT {EXAMPLES}"


def breaking(question: Question, column: str, kind: str, values: Sequence[str]) -> str:
    """Return a query for which of these values of the only column that a demand is about break it.

    It reads no row of the table.
    """
    texts = ", ".join(_literal(value) for value in values)
    place = f"NULL::pg_catalog.tid AS {PLACE}, NULL::pg_catalog.oid AS {TABLE}"
    listed = f"pg_catalog.unnest(ARRAY[{texts}]::pg_catalog.text[]) AS v"
    ctes = f"{ROWS} AS (SELECT {place}, v::{kind} AS {column} FROM {listed})"
    return f"WITH {ctes} SELECT {column}::pg_catalog.text {question.demand.tail} LIMIT {EXAMPLES}"


def with_values(question: Question, column: str, kind: str, values: Sequence[str]) -> Part:
    """Return the rows of the target that have one of these values."""
    texts = ", ".join(f"{_literal(value)}::{kind}" for value in values)
    return Part(condition=f"{bare_name(question.reads[0].origin.relation)}.{column} = ANY (ARRAY[{texts}])")


def _names(question: Question, key: Sequence[str]) -> list[str]:
    """Return what the key of a row is called in a query."""
    if question.demand.counted is Counted.INSERTED:
        return [f"{INSERTED}{place}" for place in range(len(key))]
    return [f"{_KEY}{place}" for place in range(len(key))]


def number(question: Question) -> str:
    """Return a query for the number of rows that break the demand."""
    inner = f"SELECT 1 {question.demand.tail}"
    return f"WITH {_sources(question, (), ALL)} SELECT pg_catalog.count(*) FROM ({inner}) AS koonj_found"


def computed(question: Question, part: Part = ALL) -> str:
    """Return a query that computes the expression for every row; it fails where the statement would."""
    alias = question.reads[0].origin.alias
    # OFFSET 0: the planner must not leave out what nobody reads.
    inner = f"SELECT {question.demand.raises} AS koonj_value FROM {ROWS} AS {alias} OFFSET 0"
    return (
        f"WITH {_sources(question, (), part)} "
        f"SELECT pg_catalog.count(koonj_value) FROM ({inner}) AS koonj_values"
    )


def keys_of(question: Question, key: Sequence[str], part: Part) -> str:
    """Return a query for the keys of the rows of a part."""
    read = question.reads[0]
    columns = ", ".join(f"{_KEY}{place}::pg_catalog.text" for place in range(len(key)))
    return f"SELECT {columns} FROM ({_base(read, key, part)}) AS koonj_part"


def to_copy(question: Question, key: Sequence[str]) -> str:
    """Return the query that a user can copy, for all rows that break the demand."""
    demand = question.demand
    if not demand.tail:
        return ""
    is_inserted = demand.counted is Counted.INSERTED
    shown = [*key] if _is_plain(question) and not is_inserted else _names(question, key)
    if demand.counted is Counted.GROUPS:
        shown = [f"pg_catalog.array_agg({one})" for one in shown] + ["pg_catalog.count(*)"]
    before = "".join(f"SET {name} TO {_literal(value)}; " for name, value in demand.settings)
    if not _is_plain(question):
        return f"{before}WITH {_sources(question, key, ALL)} SELECT {', '.join(shown) or '*'} {demand.tail};"
    text = f"{before}SELECT {', '.join(shown) or '*'} {demand.tail};"
    for read in question.reads:
        only = "ONLY " if read.only else ""
        text = text.replace(f"FROM {read.name} AS", f"FROM {only}{read.origin.relation} AS")
    return text


def _is_plain(question: Question) -> bool:
    """Return whether the tables can be named directly, because nothing changes them before the statement."""
    tail = question.demand.tail
    if question.parents or PLACE in tail or TABLE in tail or "koonj_k0" in tail:
        return False
    return all(level.layer is None for read in question.reads for level in read.origin.levels)


def _sources(question: Question, key: Sequence[str], part: Part) -> str:
    texts = [
        f"{read.name} AS NOT MATERIALIZED "
        f"({_levels(read, key, part) if read.name == ROWS else _levels(read, (), ALL)})"
        for read in question.reads
    ]
    for place, parent in enumerate(question.parents):
        oid = f"{_literal(parent)}::pg_catalog.regclass::pg_catalog.oid"
        texts.append(f"{HASHED}{place} AS (SELECT {oid} AS oid)")
    return ", ".join(texts)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _base(read: Read, key: Sequence[str], part: Part) -> str:
    alias, only = bare_name(read.origin.relation), "ONLY " if read.only else ""
    keys = "".join(f", {alias}.{name} AS {_KEY}{place}" for place, name in enumerate(key))
    sample = f" TABLESAMPLE SYSTEM ({part.sample:g})" if part.sample else ""
    where = f" WHERE {part.condition}" if part.condition else ""
    own = f"{alias}.ctid AS {PLACE}, {alias}.tableoid AS {TABLE}{keys}, {alias}.*"
    return f"SELECT {own} FROM {only}{read.origin.relation} AS {alias}{sample}{where}"


def _levels(read: Read, key: Sequence[str], part: Part) -> str:
    text, alias = _base(read, key, part), bare_name(read.origin.relation)
    kept = [PLACE, TABLE, *(f"{_KEY}{place}" for place in range(len(key)))]
    for level in read.origin.levels:
        if level.layer is not None:
            columns = ", ".join([*kept, *_columns(level.layer.columns)])
            text = f"SELECT {columns} FROM ({text}) AS {alias}"
            if computed_ones := _columns(level.layer.generated):
                text = f"SELECT {level.alias}.*, {', '.join(computed_ones)} FROM ({text}) AS {level.alias}"
        alias = level.alias
    return text


def _columns(values: Sequence[ColumnValue]) -> list[str]:
    return [f"{value.expression} AS {value.name}" for value in values if value.expression]


def relations(question: Question) -> list[str]:
    """Return the names of all relations of the target that the question reads."""
    origins: list[Origin] = [read.origin for read in question.reads]
    return sorted({*(origin.relation for origin in origins), *question.parents})
