"""What a statement demands of rows that exist, as values that survive JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ROWS = "koonj_rows"
"""Name of the rows in the query of a demand: the relation as it is at the statement."""
OTHERS = "koonj_others"
"""Name of the rows that a foreign key refers to."""
PLACE, TABLE = "koonj_ctid", "koonj_tableoid"
"""Columns of both: the ctid and the table of a row on the target."""


INSERTED = "koonj_i"
"""Begins the names of the columns of the rows that a statement inserts."""


class DemandKind(StrEnum):
    """Kind of a demand."""

    NOT_NULL = "not_null"
    CHECK = "check"
    UNIQUE = "unique"
    EXCLUSION = "exclusion"
    FOREIGN_KEY = "foreign_key"
    CAST = "cast"
    PARTITION = "partition"
    DOMAIN = "domain"
    GENERATED = "generated"
    INDEX_SIZE = "index_size"
    INDEX_EXPRESSION = "index_expression"
    INSERT = "insert"
    REFRESH = "refresh"


class Counted(StrEnum):
    """What a row of a demand's query is."""

    ROWS = "rows"
    GROUPS = "groups"
    """Rows that have the same key."""
    RELATION = "relation"
    """The relation itself."""
    INSERTED = "inserted"
    """Rows that the statement inserts, not rows of the target."""


@dataclass(frozen=True, slots=True)
class ColumnValue:
    """A column of a relation after a statement, made of the columns before it."""

    name: str
    expression: str
    """SQL; empty: its value cannot be known before the statement runs."""
    is_new: bool = False
    """The statement adds the column."""
    is_numbered: bool = False
    """Each row gets another value, and none NULL, such as one of a sequence."""


@dataclass(frozen=True, slots=True)
class Layer:
    """The columns of a relation after a statement, as a query over those before it."""

    columns: tuple[ColumnValue, ...]
    generated: tuple[ColumnValue, ...] = ()
    """Columns that are computed from `columns`."""


@dataclass(frozen=True, slots=True)
class Step:
    """A statement that changed the name or the columns of a relation."""

    statement: int
    schema: str
    alias: str
    """Name of the relation after it."""
    layer: Layer | None
    """None: the columns stayed as they were."""


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a migration did to the name and the columns of a relation that was there before."""

    relation: str
    """Its name before the migration, with its schema, quoted for SQL."""
    steps: tuple[Step, ...] = ()
    moved: bool = False
    """Rows came to it or left it in another way: a partition was attached or detached."""
    dropped: bool = False

    @property
    def final_name(self) -> str:
        """Its name after the migration."""
        return f"{self.steps[-1].schema}.{self.steps[-1].alias}" if self.steps else self.relation


@dataclass(frozen=True, slots=True)
class Source:
    """A relation that the query of a demand reads, under a name of its own."""

    name: str
    """`ROWS` or `OTHERS`."""
    relation: str
    """Name of the relation before the migration."""
    through: int
    """Number of the last statement whose changes of the relation are in it."""
    only: bool = False
    """Without its children."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one statement demands of the rows of one relation that was there before the migration."""

    statement: int
    line: int
    kind: DemandKind
    relation: str
    """Name of the relation at the statement, quoted for SQL."""
    words: str
    """What is wrong with a row: a phrase that continues ``3 rows of public.documents``."""
    sources: tuple[Source, ...]
    tail: str
    """The query for the rows that break it, from its FROM on; empty: only `raises` can tell."""
    counted: Counted = Counted.ROWS
    raises: str = ""
    """An expression that fails for a row that breaks it; used if `tail` is empty or needs another server."""
    needs_major: int = 0
    """Major version from which on a server can run `tail`."""
    calls: tuple[str, ...] = ()
    """Functions and operators outside pg_catalog, and volatile ones, that the query would call."""
    hashed: tuple[str, ...] = ()
    """Name before the migration of the parent whose OID a hash partition needs; empty: none."""
    columns: tuple[str, ...] = ()
    """The columns that it is about, by their names at the statement; empty: not only columns."""
    may: str = ""
    """Why a row that breaks it now need not make the statement fail; empty: it does."""
    rough: str = ""
    """Why a row that `tail` finds need not break it; empty: it does."""
    unknown: str = ""
    """Why it cannot be asked; empty: it can."""
    settings: tuple[tuple[str, str], ...] = ()
    """Settings that the file has changed before, on which values can depend: name and value."""
    last_write: int = 0
    """Number of the last statement before it that can have written to the relation; 0: none."""
    keys: tuple[str, ...] = ()
    """Of inserted rows: the columns whose values name one, in the query ``koonj_i0``, ``koonj_i1``, …"""
    reference: tuple[str, ...] = ()
    """Of inserted rows that refer to others: the columns of the others, and `operators` that compare them."""
    operators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenRows:
    """The keys of rows that a statement inserts, so that others can refer to them."""

    relation: str
    """Its name at the statement; in `Demands`: at the end of the migration."""
    statement: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    """Values as SQL, with their types."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What a migration demands of rows that exist, and what it does to the relations that have them."""

    demands: tuple[Demand, ...] = ()
    lineages: tuple[Lineage, ...] = ()
    """Of the relations that it renamed, changed or dropped."""
    made: tuple[str, ...] = ()
    """Names of the relations that it made and that are there at its end."""
    writes: tuple[str, ...] = ()
    """Names, at its end, of relations into which it writes."""
    last_writes: tuple[int, ...] = ()
    """Number of the last statement that does so, for each of `writes`."""
    writes_any: bool = False
    """It runs code that can write into any relation."""
    last_write_any: int = 0
    """Number of the last statement that does so; 0: none."""
    unknown: str = ""
    """Why the catalog could not be read; empty: it could."""
    given: tuple[GivenRows, ...] = ()
    """Keys that it inserts into relations, if they are constants."""
