"""Copy the schema of a target to a scratch server, without data.

So a database with drift can be rehearsed as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
from psycopg import AsyncConnection

from koonj.config import Target
from koonj.humanize import count
from koonj.postgres.connector import Connector, refused
from koonj.postgres.pooler import must_keep_session
from koonj.postgres.read_transaction import read_transaction
from koonj.postgres.scratch.interface import ScratchServer
from koonj.postgres.scratch.pg_dump import dump_schema, find_pg_dump, login_of
from koonj.postgres.scratch.restore import FailedStatement, restore
from koonj.postgres.scratch.role_settings import (
    TargetSurroundings,
    copy_roles,
    copy_settings,
    read_surroundings,
)
from koonj.postgres.scratch.worker_thread import lost

_SHOWN = 3
"""Number of failures that a note lists."""


async def copy_schema(connector: Connector, target: Target, server: ScratchServer) -> tuple[str, ...]:
    """Fill the empty database of `server` with the target's schema.

    Returns a note for everything that differs from the target. The target is only read: by pg_dump, and by
    queries about its roles and settings. The copied roles have no passwords and cannot log in. Subscriptions
    and options of user mappings are not copied.

    Raises: ScratchError, ConnectError.
    """
    try:
        async with await connector.connect(target, name="koonj rehearse") as conn:
            await must_keep_session(connector, target, conn)  # pg_dump sets its session
            async with read_transaction(conn, target):
                these, login = await read_surroundings(conn), login_of(conn)
    except psycopg.Error as error:
        raise refused(error, target) from error
    program = await asyncio.to_thread(find_pg_dump, these.major, server.major)
    try:
        async with await server.connect() as conn:
            owned = await _is_superuser(conn)
            options = () if owned else ("--no-owner", "--no-privileges")
            dump = await dump_schema(program, login, target, *options)
            notes = await _fill(conn, these, dump, attributes=server.alone)
    except psycopg.Error as error:
        raise lost(error) from error
    if not owned:
        notes.append(
            "owners and grants are not copied: the role of [scratch] dsn is not a superuser, so it "
            "cannot change owners."
        )
    return tuple(notes)


async def _fill(
    conn: AsyncConnection, these: TargetSurroundings, dump: str, *, attributes: bool
) -> list[str]:
    """Restore roles, schema and settings. Return notes about what failed.

    Raises: psycopg.OperationalError.
    """
    notes = []
    if these.left_out:
        notes.append(f"not copied: {_listed(these.left_out)}.")
    if refused_roles := await copy_roles(conn, these, attributes=attributes):
        notes.append(f"some roles differ from the target: {_listed(refused_roles)}.")
    if failed := await restore(conn, dump):
        notes.append(_not_whole(failed, conn.info.server_version // 10000))
    if refused_settings := await copy_settings(conn, these):
        notes.append(f"some settings differ from the target: {_listed(refused_settings)}.")
    return notes


def _not_whole(failed: Sequence[FailedStatement], major: int) -> str:
    reasons = [f"{one.summary}: {one.message}" for one in failed]
    number = count(len(failed), "statement")
    text = (
        f"the copied schema is incomplete: {number} failed on the scratch server: {_listed(reasons, '; ')}."
    )
    missing = sorted({one.extension for one in failed if one.extension is not None})
    if missing:
        text += (
            f" Install extension {', '.join(missing)} for PostgreSQL {major} here, or set [scratch] dsn to a "
            "server that has it."
        )
    return text


def _listed(parts: Sequence[str], separator: str = ", ") -> str:
    more = len(parts) - _SHOWN
    return separator.join(parts[:_SHOWN]) + (f"{separator}and {more} more" if more > 0 else "")


async def _is_superuser(conn: AsyncConnection) -> bool:
    cursor = await conn.execute("SELECT pg_catalog.current_setting('is_superuser')")
    return await cursor.fetchone() == ("on",)
