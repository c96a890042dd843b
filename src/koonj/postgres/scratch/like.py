"""A target's real schema on a scratch, without any data: a database that drifted is rehearsed as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import psycopg
from psycopg import AsyncConnection

from koonj.config import Target
from koonj.postgres.connector import Connector, refused
from koonj.postgres.scratch.apart import lost
from koonj.postgres.scratch.pg_dump import dump_schema, find_pg_dump
from koonj.postgres.scratch.restoring import FailedStatement, restore
from koonj.postgres.scratch.server import ScratchServer
from koonj.postgres.scratch.surroundings import (
    TargetSurroundings,
    copy_roles,
    copy_settings,
    read_surroundings,
)

_SHOWN = 3
"""Failures that a note names."""


async def copy_schema(connector: Connector, target: Target, server: ScratchServer) -> tuple[str, ...]:
    """Fill the empty database of `server`; returns what is not as on the target, a sentence or two each.

    The target is only read: by pg_dump, and by queries on its roles and settings. Roles come without
    passwords and cannot log in; options of user mappings, and subscriptions, stay where they are.
    Raises ScratchError, ConnectError.
    """
    try:
        async with await connector.connect(target, name="koonj rehearse") as conn:
            these = await read_surroundings(conn)
    except psycopg.Error as error:
        raise refused(error, target) from error
    program = await asyncio.to_thread(find_pg_dump, these.major, server.major)
    try:
        async with await server.connect() as conn:
            owned = await _is_superuser(conn)
            options = () if owned else ("--no-owner", "--no-privileges")
            dump = await dump_schema(program, connector, target, *options)
            notes = await _fill(conn, these, dump, attributes=server.alone)
    except psycopg.Error as error:
        raise lost(error) from error
    if not owned:
        notes.append(
            "owners and grants are not copied: the role of [scratch] dsn is no superuser, so it cannot "
            "give things away."
        )
    return tuple(notes)


async def _fill(
    conn: AsyncConnection, these: TargetSurroundings, dump: str, *, attributes: bool
) -> list[str]:
    """Notes. Raises psycopg.OperationalError."""
    notes = []
    if these.left_out:
        notes.append(f"not copied: {_listed(these.left_out)}.")
    if refused_roles := await copy_roles(conn, these, attributes=attributes):
        notes.append(f"roles are not all as on the target: {_listed(refused_roles)}.")
    if failed := await restore(conn, dump):
        notes.append(_not_whole(failed, conn.info.server_version // 10000))
    if refused_settings := await copy_settings(conn, these):
        notes.append(f"settings are not all as on the target: {_listed(refused_settings)}.")
    return notes


def _not_whole(failed: Sequence[FailedStatement], major: int) -> str:
    reasons = [f"{one.summary}: {one.message}" for one in failed]
    count = f"{len(failed)} statement{'' if len(failed) == 1 else 's'}"
    text = f"the schema is not whole on the scratch, which refused {count} of it: {_listed(reasons, '; ')}."
    missing = sorted({one.extension for one in failed if one.extension is not None})
    if missing:
        text += (
            f" Install extension {', '.join(missing)} for PostgreSQL {major} here, or name a server that has "
            "it with [scratch] dsn."
        )
    return text


def _listed(parts: Sequence[str], separator: str = ", ") -> str:
    more = len(parts) - _SHOWN
    return separator.join(parts[:_SHOWN]) + (f"{separator}and {more} more" if more > 0 else "")


async def _is_superuser(conn: AsyncConnection) -> bool:
    cursor = await conn.execute("SELECT pg_catalog.current_setting('is_superuser')")
    return await cursor.fetchone() == ("on",)
