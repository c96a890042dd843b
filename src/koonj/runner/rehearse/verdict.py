"""Values for the result of a rehearsal, which survive JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.demands.demand import Demands
from koonj.postgres.locks.trace import StatementTrace

EPOCH = datetime.fromtimestamp(0, UTC)
"""The default time of a rehearsal: it was never measured."""


class Verdict(StrEnum):
    """Verdict on one migration and its rollback, as shown on the screen."""

    VERIFIED = "verified"
    """The rollback restores the catalog exactly, and the migration can be applied again."""
    LOSSY = "lossy"
    """The rollback restores the catalog, but data is lost; columns can be in a different order too."""
    REORDERED = "reordered"
    """The rollback restores the catalog, except for the order of columns. No data is lost."""
    INCOMPLETE = "incomplete"
    """Something remains or is missing after the rollback, or the second apply gives another catalog."""
    BROKEN = "broken"
    """A statement failed during apply, rollback or reapply."""
    IRREVERSIBLE = "irreversible"
    """The file declares that it has no rollback."""
    UNKNOWN = "unknown"
    """It was not rehearsed, could not be rehearsed, or has no statements."""


ALLOWABLE = (Verdict.LOSSY, Verdict.REORDERED, Verdict.IRREVERSIBLE)
"""Verdicts that a user can intend, so that --allow lets them pass."""

VERDICT_GLYPHS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.VERIFIED: "◉",
        Verdict.LOSSY: "◕",
        Verdict.REORDERED: "⇅",
        Verdict.INCOMPLETE: "◔",
        Verdict.BROKEN: "↯",
        Verdict.IRREVERSIBLE: "⇥",
        Verdict.UNKNOWN: "◌",
    }
)
"""Glyph of each verdict. All have East Asian width N, so that every terminal draws them in one cell.

No verdict has the glyph of a state.
"""

ASCII_VERDICT_GLYPHS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.VERIFIED: "o",
        Verdict.LOSSY: "c",
        Verdict.REORDERED: "^",
        Verdict.INCOMPLETE: "u",
        Verdict.BROKEN: "X",
        Verdict.IRREVERSIBLE: ">",
        Verdict.UNKNOWN: "-",
    }
)
"""Glyph of each verdict with ``--ascii``."""


@dataclass(frozen=True, slots=True)
class RehearsalFailure:
    """A statement that failed in a rehearsal, and its error."""

    phase: str
    """``apply``, ``rollback`` or ``reapply``; ``earlier`` if an earlier migration failed."""
    name: str
    """File name of the migration that contains the statement."""
    file: str
    """Path of the file as it is shown to the user."""
    statement: int
    """Counted from 1; 0 if the error is not one of a statement, such as an error at COMMIT."""
    line: int | None
    column: int | None
    message: str
    sqlstate: str | None
    detail: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The verdict on one migration, and everything that the rehearsal observed."""

    name: str
    number: int
    verdict: Verdict
    message: str
    """The reason for the verdict, in one or two sentences."""
    cache_key: str
    """Hash of everything that the verdict depends on; see `Chain.key`."""
    server: str
    """For example ``PostgreSQL 18.6``."""
    major: int
    like: str | None = None
    """Name of the target whose schema the rehearsal started from; None: the folder's own files."""
    losses: tuple[str, ...] = ()
    """A phrase for each data loss, which continues ``the migration``; see `data_loss`."""
    differences: tuple[Difference, ...] = ()
    """Differences before the migration and after its rollback; if none, after the first and second apply."""
    reapply_differs: bool = False
    """Whether `differences` are those after the first and the second apply."""
    findings: tuple[str, ...] = ()
    """Sentences about effects that the verdict does not cover."""
    apply: tuple[StatementTrace, ...] = ()
    rollback: tuple[StatementTrace, ...] = ()
    apply_commits: tuple[int, ...] = ()
    """Numbers of statements that commit by themselves, so that koonj runs the body outside a transaction."""
    rollback_commits: tuple[int, ...] = ()
    """The same for the rollback."""
    failure: RehearsalFailure | None = None
    apply_seconds: float = 0.0
    rollback_seconds: float = 0.0
    at: datetime = EPOCH
    """Time of the verdict, with its time zone."""
    demands: Demands = field(default_factory=Demands)
    """What the migration demands of rows that exist."""

    @property
    def is_verified(self) -> bool:
        """Whether the verdict is `verified`, so that no decision is needed."""
        return self.verdict is Verdict.VERIFIED
