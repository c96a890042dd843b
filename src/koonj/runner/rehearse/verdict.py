"""What a rehearsal found out, as values that survive JSON. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.locks.trace import StatementTrace

EPOCH = datetime.fromtimestamp(0, UTC)
"""The time of a verdict that was never measured."""


class Verdict(StrEnum):
    """The verdict on one migration and its rollback, in the word that the screen shows."""

    VERIFIED = "verified"
    """Down restores the catalog exactly, and up repeats."""
    LOSSY = "lossy"
    """As verified, but data is gone."""
    REORDERED = "reordered"
    """As verified, but the order of columns differs."""
    INCOMPLETE = "incomplete"
    """Something remains or is missing after the rollback, or up does not give the same catalog again."""
    BROKEN = "broken"
    """A statement failed: apply, rollback, or reapply."""
    IRREVERSIBLE = "irreversible"
    """The file says that there is no way back; or it forgot to say how, and nothing in the schema stays."""
    UNKNOWN = "unknown"
    """It was not rehearsed, or could not be."""


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
"""One narrow cell each (East Asian width N: never two cells, in no terminal); none is a state's glyph
(migrations.glyphs)."""

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


@dataclass(frozen=True, slots=True)
class RehearsalFailure:
    """The statement that failed in a rehearsal, and its error."""

    phase: str
    """``apply``, ``rollback`` or ``reapply``; ``earlier`` where an earlier migration failed."""
    name: str
    """The migration whose statement it was."""
    file: str
    """Its path as the person knows it."""
    statement: int
    """1-based; 0 where it was none (a COMMIT)."""
    line: int | None
    column: int | None
    message: str
    sqlstate: str | None
    detail: str | None = None
    hint: str | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One migration's verdict, with all that was seen."""

    name: str
    number: int
    verdict: Verdict
    message: str
    """One sentence that says why."""
    cache_key: str
    """Hash of what it depends on: all earlier statements, its own, its rollback, the server, the start."""
    server: str
    """Such as ``PostgreSQL 18.6``."""
    major: int
    like: str | None = None
    """The target whose real schema it began from; None: the folder's own files."""
    losses: tuple[str, ...] = ()
    """What data is gone, in words, one each."""
    differences: tuple[Difference, ...] = ()
    """Before and after the rollback; of an up that does not repeat, the first and the second time."""
    findings: tuple[str, ...] = ()
    """What else a person should know, in sentences."""
    apply: tuple[StatementTrace, ...] = ()
    rollback: tuple[StatementTrace, ...] = ()
    failure: RehearsalFailure | None = None
    apply_seconds: float = 0.0
    rollback_seconds: float = 0.0
    at: datetime = EPOCH
    """When it ended, with its zone."""

    @property
    def is_verified(self) -> bool:
        """Does it pass a gate without a decision?"""
        return self.verdict is Verdict.VERIFIED
