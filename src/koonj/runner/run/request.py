"""The request for a run: which migrations, in which direction, with which options."""

from dataclasses import dataclass
from enum import StrEnum

from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.row_check import Preflight


class Extent(StrEnum):
    """Which migrations a run includes."""

    NEXT = "next"
    """One migration. Apply: the next pending one. Roll back: the one applied last."""
    UP_TO = "up_to"
    """Apply: all pending up to `Request.number`, inclusive. Roll back: all applied with a higher number."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class AllowedConflict:
    """One conflict that the user has allowed, with a reason of its own."""

    name: str
    """File name of the migration."""
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """Request for one run."""

    direction: Direction
    extent: Extent = Extent.NEXT
    number: int | None = None
    """Migration number; required with `Extent.UP_TO`."""
    allow: frozenset[str] = frozenset()
    """States that do not stop this run: ``late``, ``edited``, ``missing``, ``duplicate``, …"""
    reason: str | None = None
    """Reason for `allow`; required with it, and recorded in the history."""
    allowed: tuple[AllowedConflict, ...] = ()
    """Conflicts that do not stop this run although `allow` has not their state."""
    assume_yes: bool = False
    """Do not ask for confirmation. A protected target asks anyway."""
    wait: float | None = 60.0
    """Seconds to wait for the koonj lock; 0: do not wait, None: no limit."""
    plan_only: bool = False
    """Stop after the plan; change nothing."""
    override: str | None = None
    """Reason to apply without the verified rollback that the target requires; recorded in the history."""
    measure: bool = False
    """Rehearse migrations without a verdict, so that the plan shows their locks.

    If the target requires verified rollbacks, koonj rehearses them in any case.
    """
    probe: bool = False
    """Run all migrations on the target in one transaction, and always roll it back."""
    preflight: Preflight = Preflight.QUICK
    """How thoroughly the target is asked which of its rows a plan that is read will refuse."""
    batch: bool = False
    """Apply all migrations in one transaction. Refused if one of them cannot be in it."""

    def __post_init__(self) -> None:
        if self.extent is Extent.UP_TO and self.number is None:
            raise ValueError("Extent.UP_TO requires a number")
        if self.probe and self.plan_only:
            raise ValueError("use either plan_only (changes nothing) or probe (runs on the target), not both")
        if self.batch and (self.probe or self.direction is not Direction.APPLY):
            raise ValueError("only an apply that is no probe can be a batch")
        if self.override is not None and not self.override.strip():
            raise ValueError("override requires a reason, which is recorded in the history")
        if self.allow and not (self.reason and self.reason.strip()):
            raise ValueError("allow requires a reason, which is recorded in the history")

        if any(not conflict.reason.strip() for conflict in self.allowed):
            raise ValueError("allowed requires reasons, which are recorded in the history")

    def allows(self, conflict: Conflict) -> bool:
        """Return whether the conflict does not stop this run."""
        return conflict.state in self.allow or self._own_reason(conflict) is not None

    def reason_of(self, conflict: Conflict) -> str:
        """Return the reason that is recorded for a conflict."""
        own = self._own_reason(conflict)
        if own is not None:
            return own
        return (self.reason if conflict.state in self.allow else self.override) or ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """All reasons that the history can get."""
        own = (conflict.reason for conflict in self.allowed)
        return tuple(reason for reason in (self.reason, self.override, *own) if reason)

    def _own_reason(self, conflict: Conflict) -> str | None:
        key = conflict.name, conflict.state
        return next((one.reason for one in self.allowed if (one.name, one.state) == key), None)
