"""Describe what can be done about a blocking session, and what was done. For command and screen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from shlex import quote

from koonj.config import Target
from koonj.humanize import span_words
from koonj.postgres.advisory_lock import LockHolder
from koonj.postgres.blockers import Blocker, BlockerKind
from koonj.postgres.blocking_sessions import BlockingSession, Ending, Right, sql_command
from koonj.runner.run.holder_state import HolderState
from koonj.runner.run.lock_events import BlockerEnded, BlockerNotEnded
from koonj.runner.run.lock_wait_wording import blocker_words, statement_line

SILENT = 10.0
"""Seconds after which a lock holder whose client sends nothing is called silent."""


def as_blocker(holder: LockHolder) -> Blocker:
    """Return the holder of the koonj lock as a blocking session."""
    return Blocker(
        BlockerKind.KOONJ,
        1,
        holder.pid,
        user=holder.user,
        application=holder.application_name,
        address=holder.host,
    )


def session_lines(session: BlockingSession) -> Iterator[str]:
    """Yield a blocking session, its last statement, and why nothing can be done about it."""
    blocker = session.blocker
    yield blocker_words(blocker)
    if (line := statement_line(blocker)) is not None:
        yield f"  {line}"
    if (reason := why_not(session)) is not None:
        yield f"  {reason}"


def why_not(session: BlockingSession) -> str | None:
    """Return why koonj can do nothing about a session; None if it can."""
    blocker = session.blocker
    if session.endings:
        return None
    if blocker.kind is BlockerKind.PREPARED or session.right is not None:
        return _no_right(session)
    return "It has ended in the meantime."


def _no_right(session: BlockingSession) -> str:
    blocker = session.blocker
    if blocker.kind is BlockerKind.PREPARED:
        return rollback_prepared(blocker)
    match session.right:
        case Right.SUPERUSER:
            return "Only a superuser can end the session of a superuser."
        case Right.SERVER_PROCESS:
            return "It is a process of the server: only a superuser can cancel what it does."
        case Right.OTHER_ROLE:
            owner = f"role {blocker.user}" if blocker.user else "another role"
            return f"It is a session of {owner}. To end it, your role needs pg_signal_backend."
        case _:
            return (
                "The server hides from this role when the session began, so koonj cannot be sure that it is "
                "still the same. Your role needs pg_read_all_stats."
            )


def ending_words(session: BlockingSession, how: Ending) -> str:
    """Return what is offered: ``end the session 16835``."""
    pid = session.blocker.pid
    return f"cancel the statement of pid {pid}" if how is Ending.CANCEL else f"end the session {pid}"


def effect_words(session: BlockingSession, how: Ending) -> str:
    """Return what that does."""
    if session.blocker.kind in (BlockerKind.AUTOVACUUM, BlockerKind.AUTOVACUUM_WRAPAROUND):
        return "The autovacuum of this table stops; the server starts it again later."
    if how is Ending.CANCEL:
        return "Its statement fails, and its transaction releases its locks. The client stays connected."
    if session.blocker.kind is BlockerKind.KOONJ:
        return "That run fails. What it has not committed is rolled back; the history shows the rest."
    return "What it has not committed is rolled back, and its client loses the connection."


def done_words(event: BlockerEnded) -> str:
    """Return what was done to a blocking session, by whom and why."""
    what = "cancelled the statement of" if event.how is Ending.CANCEL else "ended"
    late = "" if event.took_effect else " (the server was asked, but it has not happened yet)"
    return f"{event.who} {what} {event.session}{late}. Reason: {event.reason}"


def not_done_words(event: BlockerNotEnded) -> str:
    """Return that nothing was done to a blocking session, and why."""
    what = "cancel the statement of" if event.how is Ending.CANCEL else "end"
    return f"{event.who} could not {what} pid {event.pid}: {event.message}"


def silence_words(holder: LockHolder | None, state: HolderState) -> str:
    """Return since when the process of a lock holder does nothing, and how it can go on.

    Empty if it works, as far as that is known. Also used by `koonj status` and the terminal UI.
    """
    silent = None if holder is None else holder.silent_seconds
    words = "" if silent is None or silent < SILENT else f"silent for {span_words(silent)}"
    if state.stopped is not None:
        why = (
            f"its process {state.stopped} on this machine is stopped by a signal; "
            f"to continue it, run: kill -CONT {state.stopped}"
        )
    elif state.ended is not None:
        why = f"its process {state.ended} on this machine has ended, but its session on the server has not"
    else:
        return words
    return f"{words}, {why}" if words else why


def silence_lines(holder: LockHolder, state: HolderState, target: Target, *, recorded: bool) -> Iterator[str]:
    """Yield that a lock holder does nothing, and the commands against that; nothing if it works.

    `recorded`: as in `command_line`.
    """
    if silence := silence_words(holder, state):
        yield silence
        yield way_out(holder, target, recorded=recorded)


def way_out(holder: LockHolder, target: Target, *, recorded: bool) -> str:
    """Return the command that ends the session of a lock holder. `recorded`: as in `command_line`."""
    return f"To end its session, run: {command_line(holder.pid, Ending.END, target, recorded=recorded)}"


def unblock_hint(blockers: Sequence[Blocker], target: Target, *, recorded: bool) -> str:
    """Return how to end what a run waits for: the command, if it is one session. Can be empty.

    `recorded`: as in `command_line`.
    """
    first = [blocker for blocker in blockers if blocker.depth == 1]
    if len(first) > 1:
        return f"To see what can be done about each of them, run: koonj unblock{target.option}"
    for blocker in first:
        if blocker.kind is BlockerKind.PREPARED:
            return rollback_prepared(blocker)
        vacuums = blocker.kind in (BlockerKind.AUTOVACUUM, BlockerKind.AUTOVACUUM_WRAPAROUND)
        how = Ending.CANCEL if vacuums else Ending.END
        verb = "cancel it" if vacuums else "end its session"
        return f"To {verb}, run: {command_line(blocker.pid, how, target, recorded=recorded)}"
    return ""


def rollback_prepared(blocker: Blocker) -> str:
    """Return what ends a prepared transaction, which koonj does not end."""
    what = f"ROLLBACK PREPARED '{blocker.gid.replace(chr(39), chr(39) * 2)}';" if blocker.gid else ""
    return f"koonj does not end a prepared transaction. To roll it back: {what}".rstrip(" :")


def command_line(pid: int | None, how: Ending, target: Target, *, recorded: bool = True) -> str:
    """Return the command that does it, without the reason.

    `recorded`: whether koonj has a history to record it in; else it is a statement for psql.
    """
    if not recorded:
        return f"{sql_command(pid, how)};"
    confirm = f" --confirm {quote(target.name)}" if target.protected else ""
    return f"koonj unblock {pid}{target.option} --{how.value}{confirm} --reason '…'"
