"""Define the events of a run about locks: for which it waits, who is in the way, what a user does then."""

from dataclasses import dataclass

from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.blocking_sessions import Ending
from koonj.runner.run.events import Event
from koonj.runner.run.failure import AwaitedLock
from koonj.runner.run.holder_state import HolderState


@dataclass(frozen=True, slots=True)
class WaitingForLock(Event):
    """Another run holds the koonj lock; sent every few seconds while this run waits."""

    holder: LockHolder | None
    """The session that holds the lock; None: the server hides it from this role."""
    seconds: float
    """Seconds waited so far."""
    stopped: int | None = None
    """The pid of the koonj process that holds it, if it is on this machine and stopped by a signal."""
    hint: str = ""
    """What to do if it does nothing; empty as long as it works."""
    ended: int | None = None
    """The pid of the koonj process that holds it, if it was on this machine and has ended."""

    @property
    def state(self) -> HolderState:
        """What is known about the koonj process that holds the lock."""
        return HolderState(self.stopped, self.ended)


@dataclass(frozen=True, slots=True)
class LockAcquired(Event):
    """This run holds the koonj lock now, so no other run can start on the target."""

    seconds: float
    """Seconds waited."""


@dataclass(frozen=True, slots=True)
class Blocked(Event):
    """The running statement waits for a lock; sent again when other sessions are in the way."""

    name: str
    statement: int
    """Number of the statement; 0 before the first one, or after the last one."""
    budget: float | None
    """Seconds after which koonj or the server gives up, unless the file sets another limit; None: never."""
    lock: AwaitedLock
    tries: int = 0
    """How often koonj has tried to take the lock without queueing for it; 0: the statement itself waits."""


@dataclass(frozen=True, slots=True)
class Unblocked(Event):
    """Nobody is in the way of the running statement any more, and it continues."""

    name: str
    statement: int
    seconds: float
    """Seconds waited for locks, as far as koonj saw it."""


@dataclass(frozen=True, slots=True)
class BlockerEnded(Event):
    """A user ended a blocking session, or cancelled its statement. It is recorded in the history."""

    pid: int
    how: Ending
    who: str
    """User, host and terminal: ``dev1@bastion1 pts/3``."""
    session: str
    """The session and what it did, as text."""
    reason: str
    took_effect: bool
    """Whether the session (or its statement) has ended. False: the server was asked, and it has not yet."""


@dataclass(frozen=True, slots=True)
class BlockerNotEnded(Event):
    """A user asked to end a blocking session, or to cancel its statement, and it was not done."""

    pid: int
    how: Ending
    who: str
    message: str
    """Why, in one or two sentences."""
