"""What surrounds a target's schema and decides what a script makes of it: roles and settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection, sql

from koonj.migrations.migration import Migration
from koonj.postgres.errors import error_message
from koonj.postgres.queries import query
from koonj.postgres.readable_text import EscapedText, readable_rows
from koonj.postgres.scratch.settings import SESSION_SETTINGS

Settings = tuple[tuple[str, str], ...]
"""Names and values, in the order of the names."""

NAMES = (
    "DateStyle",
    "IntervalStyle",
    "TimeZone",
    "array_nulls",
    "search_path",
    "standard_conforming_strings",
    "timezone_abbreviations",
    "transform_null_equals",
    "xmloption",
)
"""What the catalog keeps of a statement depends on them: where objects land, and what a constant means.
``FOR VALUES FROM ('2026-01-01')`` on a timestamptz is a moment in the session's time zone."""


@dataclass(frozen=True, slots=True)
class TargetRoles:
    """Of one target, as far as any role that may connect can see it."""

    roles: tuple[str, ...]
    """Without pg_*, and without those whose name this database cannot show: no script can name them."""
    acting: str
    """The role that reads."""
    session: Mapping[str, str]
    """What its session began with: as postgresql.conf, ALTER DATABASE, ALTER ROLE or the dsn have set it."""
    set_for: Mapping[tuple[str | None, str], str]
    """By role and name: what is set for a role's sessions on this database; None: for those of all roles."""
    default: Mapping[str, str]
    """Where nothing is set for a role or a database."""

    def settings_of(self, role: str) -> Settings:
        """What a script that ran as `role` began with, as far as it can be told.

        Who reads as the role that applied is taken to connect in the same way.
        """
        return tuple((name, self._setting(role, name)) for name in NAMES)

    def _setting(self, role: str, name: str) -> str:
        if role == self.acting:
            return self.session[name]
        of_all = self.set_for.get((None, name), self.default[name])
        return self.set_for.get((role, name), of_all)


async def read_world(conn: AsyncConnection) -> TargetRoles:
    """Of a session that has set nothing yet. Raises psycopg.Error."""
    cursor = await conn.execute(query("drift/settings"), (list(NAMES),))
    rows = await cursor.fetchall()
    session = {name: setting for name, setting, _ in rows}
    default = {name: setting for name, _, setting in rows}
    rows = await readable_rows(conn, query("drift/settings_set"))
    set_for = {(role, name): value for role, name, value in rows}
    acting, roles = "", []
    for role, acts in await readable_rows(conn, query("drift/roles")):
        acting = role if acts else acting
        roles += [] if isinstance(role, EscapedText) else [role]
    freeze = MappingProxyType
    return TargetRoles(tuple(roles), acting, freeze(session), freeze(set_for), freeze(default))


async def read_settings(conn: AsyncConnection) -> Settings:
    """Those of `NAMES`, as the session has them. Raises psycopg.Error."""
    cursor = await conn.execute(query("drift/settings"), (list(NAMES),))
    found = {name: setting for name, setting, _ in await cursor.fetchall()}
    return tuple((name, found[name]) for name in NAMES)


_NAME = r'("(?:[^"]|"")+"|\w[\w$]*)'
_ROLE = r"(?:role|user|group)\s+"
_MAKES = re.compile(rf"\b(?:create\s+{_ROLE}|alter\s+{_ROLE}{_NAME}\s+rename\s+to\s+){_NAME}", re.IGNORECASE)


def made_by(migrations: Iterable[Migration]) -> frozenset[str]:
    """Names of roles that scripts make themselves, also in a DO block."""
    return frozenset(
        _bare(made)
        for migration in migrations
        for statement in migration.sections.body.statements
        if statement.copy_data is None
        for _, made in _MAKES.findall(statement.text)
    )


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


async def create_roles(conn: AsyncConnection, names: Iterable[str]) -> tuple[str, ...]:
    """Create missing roles, without rights and without login. Return their names.

    Raises: psycopg.Error, also for names that PostgreSQL reserves (``pg_…``).
    """
    there = {row[0] for row in await _rows(conn, "roles")}
    made = tuple(name for name in dict.fromkeys(names) if name not in there)
    if made:
        create = sql.SQL("CREATE ROLE {} NOLOGIN")
        await conn.execute(sql.SQL("; ").join(create.format(sql.Identifier(name)) for name in made))
    return made


_OF_THE_MACHINE = (
    "session_preload_libraries",
    "local_preload_libraries",
    "default_tablespace",
    "temp_tablespaces",
)
"""Settings that name things which exist only on the target's machine."""

_OF_A_RUN = (
    "default_transaction_read_only",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "lock_timeout",
    "statement_timeout",
    "transaction_timeout",
)
"""Settings that stop every run, or for which a run has its own values."""


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
    # Without those whose name this database cannot show: no script can name them.
    roles = [Role._make(row) for row in await _rows(conn, "target_roles") if not _is_escaped(row)]
    members = [Member._make(row) for row in await _rows(conn, "target_members") if not _is_escaped(row)]
    settings = dict(row[0].partition("=")[::2] for row in await _rows(conn, "target_settings"))
    cursor = await conn.execute("SELECT pg_catalog.current_setting('search_path')")
    row = await cursor.fetchone()
    assert row is not None
    settings["search_path"] = row[0]
    skipped = {*_OF_THE_MACHINE, *_OF_A_RUN, *SESSION_SETTINGS}
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
    return await readable_rows(conn, query(f"scratch/{name}"))


def _is_escaped(row: tuple[Any, ...]) -> bool:
    return any(isinstance(value, EscapedText) for value in row)
