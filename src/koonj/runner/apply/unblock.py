"""Cancel the statement of a blocking session or end it, and record that in the history."""

from __future__ import annotations

import socket
from dataclasses import replace

import psycopg
from psycopg import AsyncConnection

from koonj import __version__
from koonj.config import Target
from koonj.migrations.history_entry import UNBLOCKED, Action, Outcome
from koonj.postgres import blocking_sessions, history
from koonj.postgres.blocking_sessions import Ending
from koonj.postgres.connector import Connector
from koonj.postgres.encoding import storable
from koonj.postgres.errors import TargetError, error_message
from koonj.postgres.history_inspection import inspect
from koonj.postgres.new_history_entry import NewHistoryEntry
from koonj.postgres.overview import overview
from koonj.postgres.run_name import os_user
from koonj.postgres.session import OWN_LOCK_TIMEOUT, clean, own_transaction
from koonj.postgres.target_identity import must_be_same_database
from koonj.runner.run.lock_events import BlockerEnded, BlockerNotEnded
from koonj.runner.run.unblock_request import UnblockRequest

NAME = "koonj unblock"
"""application_name of the session that does it."""

EFFECT_SECONDS = 5.0
"""How long koonj waits until the session has ended."""


class UnblockError(TargetError):
    """Raised if nothing was cancelled or ended."""


async def unblock(connector: Connector, target: Target, request: UnblockRequest, run_id: str) -> BlockerEnded:
    """Do what is asked for, over a new connection. It is done only if it can be recorded.

    `run_id`: of the run that waits, if it is known.

    Raises: UnblockError, ConnectError, HistoryError.
    """
    sent = False
    async with await connector.connect(target, name=NAME) as conn:
        try:
            async with overview(conn, target) as seen:
                pass
            await must_be_same_database(target, seen.server)
            await _ensure_history(conn, target)
            async with own_transaction(conn, target):
                await history.insert(conn, await _storable(conn, _entry(request, run_id)))
                sent = await blocking_sessions.send(conn, request.process, request.how)
                if not sent:
                    raise _gone(request)
            effect = await blocking_sessions.has_taken_effect(
                conn, request.process, request.how, EFFECT_SECONDS
            )
        except psycopg.Error as error:
            raise _unknown(request, error) if sent else _not_done(request, error) from error
    return BlockerEnded(
        request.process.pid, request.how, request.who, request.session, request.reason, effect
    )


async def _ensure_history(conn: AsyncConnection, target: Target) -> None:
    """Create the history if it is missing: the run that waits can be the first one.

    It is done without the koonj lock. If its holder is creating the history, this waits, and fails.
    """
    found = await inspect(conn)
    if not found.has_table:
        await clean(conn, target)
        await conn.execute(f"SET lock_timeout TO '{OWN_LOCK_TIMEOUT}'".encode())
    await history.ensure(conn, found, with_statements=False)


async def try_to_unblock(
    connector: Connector, target: Target, request: UnblockRequest, run_id: str
) -> BlockerEnded | BlockerNotEnded:
    """Do what is asked for, and return the event that says whether it was done."""
    try:
        return await unblock(connector, target, request, run_id)
    except TargetError as error:
        message = f"{error.message} {error.hint}".rstrip()
        return BlockerNotEnded(request.process.pid, request.how, request.who, message)


def _entry(request: UnblockRequest, run_id: str) -> NewHistoryEntry:
    done = "cancelled the statement of" if request.how is Ending.CANCEL else "ended"
    return NewHistoryEntry(
        name=request.name,
        action=Action.ALLOW,
        outcome=Outcome.DONE,
        script=_script(request),
        file_hash="",
        statements_hash="",
        rollback_hash="",
        statements_done=0,
        statements_total=0,
        os_user=os_user(),
        host=socket.gethostname(),
        version=__version__,
        run_id=run_id,
        reason=f"{done} {request.session}: {request.reason}",
        allowed=UNBLOCKED,
    )


async def _storable(conn: AsyncConnection, entry: NewHistoryEntry) -> NewHistoryEntry:
    """Return the entry with ``?`` for what the database cannot store: no plan has checked these texts."""
    reason, script = (text.encode("utf-8", "replace").decode() for text in (entry.reason or "", entry.script))
    return replace(entry, reason=await storable(conn, reason), script=await storable(conn, script))


def _script(request: UnblockRequest) -> str:
    """Return what was sent, and what the session ran. Only the owner of the history can read it."""
    ran = f"  -- {request.statement}" if request.statement else ""
    return f"{blocking_sessions.command(request.process, request.how)};{ran}"


def _gone(request: UnblockRequest) -> UnblockError:
    return UnblockError(
        f"The session with pid {request.process.pid} has ended already, or the pid is now that of another "
        "session. Nothing was done.",
        "",
    )


def _unknown(request: UnblockRequest, error: psycopg.Error) -> UnblockError:
    return UnblockError(
        f"The server was asked to {request.how} pid {request.process.pid}, but then the connection failed: "
        f"{error_message(error)}. Whether it is recorded is unknown.",
        "To see the history, run: koonj history",
        error.sqlstate,
    )


def _not_done(request: UnblockRequest, error: psycopg.Error) -> UnblockError:
    sql = blocking_sessions.command(request.process, request.how)
    return UnblockError(
        f"Nothing was done to pid {request.process.pid}, because it could not be done and recorded together: "
        f"{error_message(error)}.",
        f"A role with more rights can do it without koonj: {sql};",
        error.sqlstate,
    )
