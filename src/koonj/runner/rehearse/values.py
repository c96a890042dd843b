"""What a rehearsal found out, as values that survive JSON. No database here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from koonj.postgres.catalog.values import Difference
from koonj.postgres.locks.values import StatementTrace


class Proof(StrEnum):
    """The verdict on one migration and its rollback, in the word that the screen shows."""

    PROVED = "proved"
    """Down restores the catalog exactly, and up repeats."""
    LOSSY = "lossy"
    """As proved, but data is gone."""
    REORDERED = "reordered"
    """As proved, but the order of columns differs."""
    INCOMPLETE = "incomplete"
    """Something remains or is missing after the rollback, or up does not give the same catalog again."""
    FAILS = "fails"
    """A statement failed: up, down, or up again."""
    NONE = "none"
    """The file says that there is no way back; or it forgot to say how, and nothing in the schema stays."""
    UNKNOWN = "unknown"
    """It was not rehearsed, or could not be."""


PROOF_GLYPHS: Mapping[Proof, str] = MappingProxyType(
    {
        Proof.PROVED: "◉",
        Proof.LOSSY: "◕",
        Proof.REORDERED: "⇅",
        Proof.INCOMPLETE: "◔",
        Proof.FAILS: "↯",
        Proof.NONE: "⇥",
        Proof.UNKNOWN: "◌",
    }
)
"""One narrow cell each (East Asian width N: never two cells, in no terminal); none is a state's glyph
(migrations.glyphs)."""

ASCII_PROOF_GLYPHS: Mapping[Proof, str] = MappingProxyType(
    {
        Proof.PROVED: "o",
        Proof.LOSSY: "c",
        Proof.REORDERED: "^",
        Proof.INCOMPLETE: "u",
        Proof.FAILS: "X",
        Proof.NONE: ">",
        Proof.UNKNOWN: "-",
    }
)


@dataclass(frozen=True, slots=True)
class Stumble:
    """The statement that failed in a rehearsal, and its error."""

    phase: str
    """``up``, ``down`` or ``up again``; ``before`` where an earlier migration failed."""
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
    verdict: Proof
    message: str
    """One sentence that says why."""
    key: str
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
    up: tuple[StatementTrace, ...] = ()
    down: tuple[StatementTrace, ...] = ()
    stumble: Stumble | None = None
    up_seconds: float = 0.0
    down_seconds: float = 0.0
    at: float = 0.0
    """Unix seconds."""

    @property
    def is_proved(self) -> bool:
        """Does it pass a gate without a decision?"""
        return self.verdict is Proof.PROVED
