"""Read and copy the roles and settings that affect how a script runs on a target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection, sql

from koonj.postgres.errors import error_message
from koonj.postgres.queries import query
from koonj.postgres.scratch.settings import SESSION_SETTINGS

_OF_THE_MACHINE = (
    "session_preload_libraries",
    "local_preload_libraries",
    "default_tablespace",
    "temp_tablespaces",
)
"""Settings that name things which exist only on the target's machine."""


class Role(NamedTuple):
    """A row of scratch/target_roles.sql."""

    name: str
    superuser: bool
    inherit: bool
    createrole: bool
    createdb: bool
    bypassrls: bool


class Member(NamedTuple):
    """A row of scratch/target_members.sql."""

    group: str
    name: str
    admin: bool
    inherit: bool


@dataclass(frozen=True, slots=True)
class TargetSurroundings:
    """Roles and settings of a target, as far as every role can see them."""

    major: int
    roles: tuple[Role, ...]
    members: tuple[Member, ...]
    settings: tuple[tuple[str, str], ...]
    """Pairs (name, value): settings of the database, and the search_path of the session."""
    left_out: tuple[str, ...]
    """Things that a copy of the schema omits: ``subscription name``, ``tablespace name``."""


async def read_surroundings(conn: AsyncConnection) -> TargetSurroundings:
    """Read the roles and settings of a target.

    The session must not have changed any setting yet.

    Raises: psycopg.Error.
    """
    roles = [Role._make(row) for row in await _rows(conn, "target_roles")]
    members = [Member._make(row) for row in await _rows(conn, "target_members")]
    settings = dict(row[0].partition("=")[::2] for row in await _rows(conn, "target_settings"))
    cursor = await conn.execute("SELECT pg_catalog.current_setting('search_path')")
    row = await cursor.fetchone()
    assert row is not None
    settings["search_path"] = row[0]
    skipped = {*_OF_THE_MACHINE, *SESSION_SETTINGS}
    return TargetSurroundings(
        conn.info.server_version // 10000,
        tuple(roles),
        tuple(members),
        tuple((name, value) for name, value in settings.items() if name not in skipped),
        tuple(row[0] for row in await _rows(conn, "left_out")),
    )


async def copy_roles(
    conn: AsyncConnection, these: TargetSurroundings, *, attributes: bool
) -> tuple[str, ...]:
    """Create the missing roles with their memberships, but without login.

    `attributes`: also copy their rights, such as SUPERUSER; only for koonj's own server. Returns descriptions
    of statements that failed.

    Raises: psycopg.OperationalError.
    """
    there = {row[0] for row in await _rows(conn, "roles")}
    missing = [role for role in these.roles if role.name not in there]
    made = {role.name for role in missing}
    memberships = [member for member in these.members if member.name in made]
    statements = [*(_create(role, attributes=attributes) for role in missing), *_grants(memberships, conn)]
    return await _each(conn, statements)


async def copy_settings(conn: AsyncConnection, these: TargetSurroundings) -> tuple[str, ...]:
    """Make later sessions of the scratch database start with the target's settings.

    Returns descriptions of statements that failed.
    """
    database = sql.Identifier(conn.info.dbname)
    statements = [
        sql.SQL("SELECT pg_catalog.set_config({}, {}, false); ALTER DATABASE {} SET {} FROM CURRENT").format(
            sql.Literal(name), sql.Literal(value), database, sql.Identifier(*name.split("."))
        )
        for name, value in these.settings
    ]
    return await _each(conn, statements)


def _create(role: Role, *, attributes: bool) -> sql.Composable:
    words = [sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role.name))]
    words += [sql.Composed([sql.SQL("INHERIT" if role.inherit else "NOINHERIT")])]
    if attributes:
        wanted = {
            "SUPERUSER": role.superuser,
            "CREATEROLE": role.createrole,
            "CREATEDB": role.createdb,
            "BYPASSRLS": role.bypassrls,
        }
        words += [sql.Composed([sql.SQL(word)]) for word, has in wanted.items() if has]
    return sql.SQL(" ").join(words)


def _grants(members: Sequence[Member], conn: AsyncConnection) -> Iterator[sql.Composable]:
    for member in members:
        grant = sql.SQL("GRANT {} TO {}").format(sql.Identifier(member.group), sql.Identifier(member.name))
        options = ["ADMIN TRUE"] if member.admin else []
        if conn.info.server_version >= 160000:
            options.append(f"INHERIT {member.inherit}")
        elif member.admin:
            options = ["ADMIN OPTION"]
        if options:
            grant += sql.SQL(" WITH ") + sql.SQL(", ").join(map(sql.SQL, options))
        yield grant


async def _each(conn: AsyncConnection, statements: Sequence[sql.Composable]) -> tuple[str, ...]:
    """Run all statements in one message; if that fails, run them one by one."""
    if not statements:
        return ()
    try:
        await conn.execute(sql.SQL("; ").join(statements))
    except psycopg.Error as error:
        if conn.closed:
            raise
        if len(statements) == 1:
            return (f"{statements[0].as_string(conn)}: {error_message(error)}",)
        return tuple([text for one in statements for text in await _each(conn, (one,))])
    return ()


async def _rows(conn: AsyncConnection, name: str) -> list[tuple[Any, ...]]:
    cursor = await conn.execute(query(f"scratch/{name}"))
    return await cursor.fetchall()
