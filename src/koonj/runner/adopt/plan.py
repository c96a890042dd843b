"""The plan of an adoption: for each file what is known of it on the target, and what is decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.errors import TargetError


class AdoptError(TargetError):
    """Raised if the files cannot be adopted as they are asked for."""


class EvidenceKind(StrEnum):
    """What the target shows of one file."""

    EQUAL = "equal"
    """All objects that it changes are on the target as the files leave them."""
    DIFFERS = "differs"
    """Some of them are different."""
    NO_TRACE = "no_trace"
    """The target has none of the objects that it creates."""
    ROWS_ONLY = "rows_only"
    """It changes no object, so a comparison of schemas can prove nothing."""
    UNKNOWN = "unknown"
    """It was not compared, because a file fails on the scratch server."""


@dataclass(frozen=True, slots=True)
class FileEvidence:
    """What is known of one file, and what is decided."""

    number: int
    name: str
    kind: EvidenceKind
    objects: int
    """Number of objects that it creates, changes or drops."""
    differences: tuple[Difference, ...]
    """Of these objects: `expected` is what the files produce, `actual` what the target has."""
    adopt: bool
    """Whether it is recorded as applied; else it stays pending."""
    history: str = ""
    """What the history of another tool says about it; empty if there is none."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A last file, and how far the schema after it is from the target's."""

    number: int
    """0: no file."""
    name: str
    differences: int


@dataclass(frozen=True, slots=True)
class AdoptionPlan:
    """What is recorded if the user says yes."""

    target: str
    server: str
    """The target's server, for example ``PostgreSQL 18.6``."""
    scratch: str
    """The scratch server."""
    files: tuple[FileEvidence, ...]
    """Those that are not recorded on the target yet, in their order."""
    last: str
    """Name of the file whose schema was compared with the target's; empty if no file fits."""
    is_equal: bool
    """Whether the schema after `last` is that of the target."""
    others: tuple[Difference, ...]
    """Differences in objects that no file changes, mostly objects that only the target has."""
    candidates: tuple[Candidate, ...]
    """If the schemas are not equal: the last files that come closest, best first."""
    recorded: int
    """Number of files that the history has as applied already. They are part of the comparison."""
    objects: int
    """Number of the target's objects that were compared."""
    notes: tuple[str, ...]
    """Sentences about the comparison."""
    at: datetime
    """When the target was read."""

    @property
    def adopted(self) -> tuple[FileEvidence, ...]:
        """The files that are recorded as applied."""
        return tuple(file for file in self.files if file.adopt)

    @property
    def unprovable_end(self) -> tuple[FileEvidence, ...]:
        """The last adopted files, if nothing on the target shows whether they ran."""
        adopted = self.adopted
        proved = [n for n, file in enumerate(adopted, 1) if file.kind is not EvidenceKind.ROWS_ONLY]
        return adopted[max(proved, default=0) :]
