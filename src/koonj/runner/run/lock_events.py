"""Define the events of a run about locks: for which it waits, who is in the way, what a user does then."""

from dataclasses import dataclass
from enum import StrEnum

from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.blocking_sessions import Ending
from koonj.runner.run.events import Event
from koonj.runner.run.failure import AwaitedLock
from koonj.runner.run.holder_state import HolderState


@dataclass(frozen=True, slots=True)
class WaitingForLock(Event):
    """Another run holds the koonj lock, or that of a tool; sent every few seconds while this run waits."""

    holder: LockHolder | None
    """The session that holds the lock; None: the server hides it from this role, or the lock is a row."""
    seconds: float
    """Seconds waited so far."""
    stopped: int | None = None
    """The pid of the koonj process that holds it, if it is on this machine and stopped by a signal."""
    hint: str = ""
    """What to do if it does nothing; empty as long as it works."""
    ended: int | None = None
    """The pid of the koonj process that holds it, if it was on this machine and has ended."""
    lock: str = ""
    """Which lock: ``the lock of tern``; empty: the koonj lock."""
    who: str = ""
    """Who has taken it and since when, if it is a row of a table; else empty."""

    @property
    def state(self) -> HolderState:
        """What is known about the koonj process that holds the lock."""
        return HolderState(self.stopped, self.ended)


@dataclass(frozen=True, slots=True)
class LockAcquired(Event):
    """This run holds the koonj lock now, so no other run can start on the target; or the lock of a tool."""

    seconds: float
    """Seconds waited."""
    lock: str = ""
    """Which lock: ``the lock of tern``; empty: the koonj lock."""


@dataclass(frozen=True, slots=True)
class Blocked(Event):
    """The running statement waits for a lock; sent again when other sessions are in the way."""

    name: str
    statement: int
    """Number of the statement; 0 before the first one, or after the last one."""
    budget: float | None
    """Seconds after which koonj or the server gives up, unless the file sets another limit; None: never."""
    lock: AwaitedLock
    queues: float | None = None
    """Seconds for which a try queues for the lock at most; 0: it does not queue; None: it has no limit."""
    hint: str = ""
    """How to end a session that is in the way, as text; can be empty."""


class TryReason(StrEnum):
    """Why a try queues for a lock, so that others wait behind it."""

    OVERLAP = "overlap"
    """The sessions in the way overlap, and could keep the lock without an end."""
    AUTOVACUUM = "autovacuum"
    """Only an autovacuum is in the way, which steps aside for a session that waits for long enough."""
    AGAIN = "again"
    """The statement, or its transaction, runs again: its lock is not taken before it."""


@dataclass(frozen=True, slots=True)
class TimedTry(Event):
    """koonj queues for a lock for a moment."""

    name: str
    number: int
    """Number of the try, from 2."""
    seconds: float
    """How long another session can wait behind it, at most."""
    reason: TryReason


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
