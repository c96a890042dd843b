"""Mark scratch databases, and take turns with other koonj processes.

Only for a configured server. The mark tells koonj which databases it is allowed to drop.
"""

from __future__ import annotations

import json
import os
import random
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psycopg
from psycopg import sql

from koonj.postgres.advisory_lock import LockHolder, holder_words, lock_holder
from koonj.postgres.queries import query
from koonj.postgres.readable_text import readable_rows_blocking
from koonj.postgres.scratch.interface import ScratchError, Turn
from koonj.postgres.scratch.login import Connection

LIMIT = 1917
"""CONNECTION LIMIT of a scratch database.

It is set when the database is created, so that the database is never without a mark.
"""
MARK = "koonj scratch, dropped by koonj; roles at first: "
"""Start of the comment on a scratch database.

A JSON array follows: the roles that existed before the database.
"""

_NAME = re.compile(r"koonj_scratch_[a-z0-9]{1,16}_[0-9]+_[0-9a-f]{12}(_c[0-9]+)?")
_LOCK = {"class": 0x6B6F6F6E, "object": 0x7363}
PATIENCE = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Orphan:
    """A scratch database whose koonj process has ended."""

    name: str
    roles: frozenset[str]
    """Roles that objects in it use, and that did not exist before it."""


def new_name() -> str:
    """Return ``koonj_scratch_<host>_<pid>_<random>``, which shows users its origin."""
    host = re.sub(r"[^a-z0-9]", "", socket.gethostname().lower())[:16] or "host"
    return f"koonj_scratch_{host}_{os.getpid()}_{secrets.token_hex(6)}"


def comment(roles: Iterable[str]) -> str:
    """Return the comment for a scratch database. Omits PostgreSQL's own roles."""
    return MARK + json.dumps(sorted(role for role in roles if not role.startswith("pg_")))


def orphans(conn: Connection) -> tuple[Orphan, ...]:
    """Return all scratch databases. Call it with the lock, and before creating one.

    A database belongs to koonj if its name has the right form, and if it has the comment, or no comment but
    the connection limit.

    Raises: psycopg.Error.
    """
    found = []
    for name, limit, text, roles in readable_rows_blocking(conn, query("scratch/marked")):
        before = _roles_in(text) if text is not None else frozenset(roles) if limit == LIMIT else None
        if _NAME.fullmatch(name) and before is not None:
            new = (role for role in roles if role not in before and not role.startswith("pg_"))
            found.append(Orphan(name, frozenset(new)))
    return tuple(found)


def _roles_in(text: str) -> frozenset[str] | None:
    """Return the roles in a comment; None if the comment is not from koonj."""
    if not text.startswith(MARK):
        return None
    try:
        return frozenset(json.loads(text.removeprefix(MARK)))
    except (ValueError, TypeError):
        return None


def wait_for_turn(conn: Connection, given_up: Callable[[], bool]) -> None:
    """Take the lock of rehearsals on this server for as long as the session lives.

    Roles are shared by all databases: two rehearsals at once would see each other's roles and fail. An
    advisory lock belongs to one database, and another koonj process can be connected to another database. So
    a process that sees another holder releases its lock and tries again.

    Raises: ScratchError after 2 minutes; psycopg.Error.
    """
    end = time.monotonic() + PATIENCE
    while True:
        turn = try_turn(conn)
        if turn.taken:
            return
        if given_up():
            raise ScratchError("The scratch server is closed.", "Open another one.")
        if time.monotonic() > end:
            raise busy(turn.holder)
        time.sleep(random.uniform(0.02, 0.1))  # noqa: S311  random, so that two processes do not release it forever


def busy(holder: LockHolder | None) -> ScratchError:
    """Return the error after waiting too long for another koonj process."""
    return ScratchError(
        f"Gave up after {PATIENCE:.0f} s: another koonj process rehearses on the scratch server, "
        f"{holder_words(holder)}.",
        "Only one koonj can rehearse on a configured scratch server at a time, because roles are "
        "shared by all databases. Wait for it to finish, or stop it.",
    )


def try_turn(conn: Connection) -> Turn:
    """Take the lock of rehearsals if no other session holds it, as `wait_for_turn` does.

    Raises: psycopg.Error.
    """
    row = conn.execute(
        "SELECT pg_catalog.pg_try_advisory_lock(%(class)s::pg_catalog.int4, %(object)s::pg_catalog.int4)",
        _LOCK,
    ).fetchone()
    others = conn.execute(query("scratch/holders"), _LOCK).fetchall()
    if row == (True,) and not others:
        return Turn(taken=True)
    if row == (True,):
        conn.execute(
            "SELECT pg_catalog.pg_advisory_unlock(%(class)s::pg_catalog.int4, %(object)s::pg_catalog.int4)",
            _LOCK,
        )
    return Turn(taken=False, holder=lock_holder(*others[0]) if others else None)


def drop_database(conn: Connection, name: str) -> None:
    """Drop a database, and end the sessions in it.

    Raises: psycopg.Error.
    """
    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def drop_roles(conn: Connection, names: Iterable[str]) -> tuple[str, ...]:
    """Drop the roles on which nothing depends. Return the others.

    Raises: psycopg.Error.
    """
    left = tuple(names)
    while left:
        stay = tuple(name for name in left if not _dropped(conn, name))
        if len(stay) == len(left):
            break
        left = stay  # one role can depend on another
    return left


def _dropped(conn: Connection, name: str) -> bool:
    try:
        conn.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))
    except (
        psycopg.errors.DependentObjectsStillExist,
        psycopg.errors.InsufficientPrivilege,
        psycopg.errors.ObjectInUse,
    ):
        return False
    return True
