"""What a person asks of a run."""

from dataclasses import dataclass
from enum import StrEnum

from koonj.runner.run.events import Direction


class Extent(StrEnum):
    """How far a run goes."""

    NEXT = "next"
    """One migration: the next pending one, or the one applied last."""
    UP_TO = "up_to"
    """Apply: all pending up to and with `Request.number`. Roll back: all applied above it."""
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Request:
    """One run, as asked for."""

    direction: Direction
    extent: Extent = Extent.NEXT
    number: int | None = None
    """Of `Extent.UP_TO`."""
    allow: frozenset[str] = frozenset()
    """States that a person decided to pass: ``late``, ``edited``, ``missing``, ``duplicate``, …"""
    reason: str | None = None
    """Why; needed with `allow`, and recorded."""
    assume_yes: bool = False
    """The question for an ordinary target was answered beforehand; never a protected one's."""
    wait: float | None = 60.0
    """Seconds to wait for the target's lock; 0 for not at all, None for ever."""
    plan_only: bool = False
    """Stop after the plan."""
    override: str | None = None
    """Why this run goes on without the verified rehearsal that the target's policy wants; recorded."""
    measure: bool = False
    """Rehearse what has no verdict yet, so that the plan can tell its locks; a policy does so in any case."""
    probe: bool = False
    """Run it all on the target in one transaction, and roll that back: nothing is kept."""

    def __post_init__(self) -> None:
        if self.extent is Extent.UP_TO and self.number is None:
            raise ValueError("Extent.UP_TO needs a number")
        if self.probe and self.plan_only:
            raise ValueError("a plan touches nothing, and a probe runs: ask for one of them")
        if self.override is not None and not self.override.strip():
            raise ValueError("to go on without a verified rehearsal needs a reason, which history keeps")
        if self.allow and not (self.reason and self.reason.strip()):
            raise ValueError("to allow something needs a reason, which history keeps")

    def reason_of(self, state: str) -> str:
        """Why this run passes a conflict of that state; what history keeps."""
        return (self.reason if state in self.allow else self.override) or ""
