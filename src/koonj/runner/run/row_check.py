"""What a target answered to the question which of its rows a migration will refuse."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Preflight(StrEnum):
    """How thoroughly koonj asks a target before a run."""

    OFF = "off"
    QUICK = "quick"
    """Every row of small tables; statistics and a sample of larger ones."""
    EXACT = "exact"
    """Every row."""


class RowOutcome(StrEnum):
    """Whether a statement will find rows that it refuses."""

    PASSES = "passes"
    WILL_FAIL = "will_fail"
    MAY_FAIL = "may_fail"
    """Rows break it now, but the migrations can change them before the statement runs."""
    NOT_KNOWN = "not_known"


class QuickLimit(StrEnum):
    """A limit of a quick question, without which there would be an answer: `Preflight.EXACT` has none."""

    SAMPLE = "sample"
    """Only a part of the rows was read."""
    TIME = "time"
    """The answer took too long."""
    TOTAL_TIME = "total_time"
    """All questions together took too long, so that this one was not asked."""


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What one statement demands of the rows of one table, and what the target answered."""

    statement: int
    """Number within the script, from 1; 0: it is about the whole migration."""
    line: int
    kind: str
    """``not_null``, ``check``, ``unique``, ``exclusion``, ``foreign_key``, ``cast``, …"""
    relation: str
    """Name at the statement, quoted as in SQL."""
    outcome: RowOutcome
    message: str
    """The answer in words."""
    rows: int | None = None
    """Number of rows, or of groups of equal rows, that break it; None: not counted."""
    at_least: bool = False
    """There can be more than `rows`."""
    key: tuple[str, ...] = ()
    """Columns of the primary key, of which `examples` has the values."""
    examples: tuple[str, ...] = ()
    """Keys of at most three such rows."""
    reason: str = ""
    """Why it is not known, or not certain; empty if it is."""
    limit: QuickLimit | None = None
    """The limit for which it is not known; None: it would not be known without limits either."""
    query: str = ""
    """A query for these rows; empty if there is none, or if nothing is wrong."""
    at: datetime | None = None
    """When the target answered, with the time zone; None: it was not asked."""
    seconds: float = 0.0
    """How long the answer took."""
