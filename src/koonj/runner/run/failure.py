"""Why a run failed, and the lock that it waited for."""

from dataclasses import dataclass

from koonj.postgres.blockers import Blocker
from koonj.runner.run.direction import Direction


@dataclass(frozen=True, slots=True)
class AwaitedLock:
    """A lock that a migration waits for, or waited for until it failed, and who is in the way."""

    relation: str
    """Qualified name, quoted as in SQL; empty if it is not the lock of a relation or a row."""
    mode: str
    """Lock mode, such as ``ACCESS EXCLUSIVE``; empty if it is not the lock of a relation."""
    object: str
    """PostgreSQL's word for what is locked: ``relation``, ``transactionid`` (a row), ``virtualxid``, …"""
    seconds: float
    """Seconds waited so far."""
    blockers: tuple[Blocker, ...]
    """The sessions and prepared transactions in the way, each followed by those that it waits for itself."""
    queue: int = 0
    """Number of sessions that wait because of this run."""
    longest: float = 0.0
    """Seconds that another session has waited because of this run, at most."""
    tries: int = 0
    """How often koonj has tried to get it; 0: the first try has not failed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Failure of a run: where, why, what is committed, and what to do next."""

    name: str
    """File name of the migration; empty if no migration failed but the target."""
    direction: Direction
    statement: int
    """Number of the statement, from 1; 0 if no statement failed (but COMMIT, the connection, …)."""
    of: int
    """Number of statements in the script."""
    file: str
    """Path of the file, as shown to the user."""
    line: int | None
    column: int | None
    source_line: str
    """Text of the line in the file, without its line end."""
    sqlstate: str | None
    severity: str
    message: str
    detail: str | None = None
    hint: str | None = None
    context: str | None = None
    committed: tuple[str, ...] = ()
    """Committed statements of this migration, one line of text each."""
    target_state: str = ""
    """What is committed on the target after the failure, as text."""
    next_steps: tuple[str, ...] = ()
    """What to do next, best first; mostly a sentence with a command."""
    waited_for: AwaitedLock | None = None
    """The lock that it waited for when it failed, as koonj saw it last."""
