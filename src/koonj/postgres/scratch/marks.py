"""How koonj knows the databases on a given server that it may drop, and keeps other koonjs waiting."""

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

from koonj.postgres.queries import query
from koonj.postgres.scratch.login import Connection
from koonj.postgres.scratch.server import ScratchError

LIMIT = 1917
"""The CONNECTION LIMIT of a scratch database: set while it is made, so that it is never without a mark."""
MARK = "koonj scratch, dropped by koonj; roles at first: "
"""How the comment on one begins; a JSON array of the roles that were there before it follows."""

_NAME = re.compile(r"koonj_scratch_[a-z0-9]{1,16}_[0-9]+_[0-9a-f]{12}(_c[0-9]+)?")
_LOCK = {"class": 0x6B6F6F6E, "object": 0x7363}
_PATIENCE = 120.0  # seconds


@dataclass(frozen=True, slots=True)
class Orphan:
    """A scratch database whose koonj is gone."""

    name: str
    roles: frozenset[str]
    """That are named in it, and that were not there before it."""


def new_name() -> str:
    """``koonj_scratch_<host>_<pid>_<random>``, so that a person sees whose it is."""
    host = re.sub(r"[^a-z0-9]", "", socket.gethostname().lower())[:16] or "host"
    return f"koonj_scratch_{host}_{os.getpid()}_{secrets.token_hex(6)}"


def comment(roles: Iterable[str]) -> str:
    """The text of the comment on a scratch database; PostgreSQL's own roles are always there."""
    return MARK + json.dumps(sorted(role for role in roles if not role.startswith("pg_")))


def orphans(conn: Connection) -> tuple[Orphan, ...]:
    """All scratch databases, when called by who has the lock and has made none yet. Raises psycopg.Error.

    A database is koonj's if it has the form of name, and the comment, or none yet but the connection limit.
    """
    found = []
    for name, limit, text, roles in conn.execute(query("scratch/marked")).fetchall():
        before = _roles_in(text) if text is not None else frozenset(roles) if limit == LIMIT else None
        if _NAME.fullmatch(name) and before is not None:
            new = (role for role in roles if role not in before and not role.startswith("pg_"))
            found.append(Orphan(name, frozenset(new)))
    return tuple(found)


def _roles_in(text: str) -> frozenset[str] | None:
    """Those of a comment; None where it is not koonj's."""
    if not text.startswith(MARK):
        return None
    try:
        return frozenset(json.loads(text.removeprefix(MARK)))
    except (ValueError, TypeError):
        return None


def wait_for_turn(conn: Connection, given_up: Callable[[], bool]) -> None:
    """Take the lock of rehearsals on this server, for as long as the session lives.

    Roles are the whole server's: two rehearsals at once would each see the other's, and fail for it. The
    lock is of one database, and another koonj may use another one: so who sees another holder steps back.
    Raises ScratchError after 2 minutes, psycopg.Error.
    """
    end = time.monotonic() + _PATIENCE
    while True:
        if _take(conn):
            return
        if given_up():
            raise ScratchError("The scratch is closed.", "Open another one.")
        if time.monotonic() > end:
            raise ScratchError(
                f"Another koonj has been rehearsing on the server of [scratch] dsn for {_PATIENCE:.0f} s.",
                "Roles belong to the whole server, so it is one at a time there. Wait for it, or end it.",
            )
        time.sleep(random.uniform(0.02, 0.1))  # noqa: S311  so that two do not step back for ever


def _take(conn: Connection) -> bool:
    row = conn.execute(
        "SELECT pg_catalog.pg_try_advisory_lock(%(class)s::pg_catalog.int4, %(object)s::pg_catalog.int4)",
        _LOCK,
    ).fetchone()
    if row != (True,):
        return False
    if len(conn.execute(query("scratch/holders"), _LOCK).fetchall()) == 1:
        return True
    conn.execute(
        "SELECT pg_catalog.pg_advisory_unlock(%(class)s::pg_catalog.int4, %(object)s::pg_catalog.int4)",
        _LOCK,
    )
    return False


def drop_database(conn: Connection, name: str) -> None:
    """With the sessions in it. Raises psycopg.Error."""
    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def drop_roles(conn: Connection, names: Iterable[str]) -> tuple[str, ...]:
    """Drop those that nothing depends on; returns those that stay. Raises psycopg.Error."""
    left = tuple(names)
    while left:
        stay = tuple(name for name in left if not _dropped(conn, name))
        if len(stay) == len(left):
            break
        left = stay  # one may have depended on another
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
