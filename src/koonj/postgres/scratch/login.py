"""Connecting to the server that [scratch] names, and looking at it before anything is done there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.config import ScratchPlace
from koonj.postgres.connector import OLDEST_MAJOR
from koonj.postgres.password import read_password
from koonj.postgres.queries import query
from koonj.postgres.scratch.apart import connect_options, lost
from koonj.postgres.scratch.server import ScratchError

_TIMEOUT = 10
"""Seconds to connect in, where the dsn says nothing."""

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Login:
    """How the server is reached. The password is read when a connection needs it, and never kept."""

    place: ScratchPlace
    base: str
    """The dsn, with the database that koonj makes and drops others from."""

    @classmethod
    def of(cls, place: ScratchPlace, environ: Mapping[str, str] = os.environ) -> Login:
        """Raises ScratchError for a dsn that libpq does not understand."""
        assert place.dsn is not None
        try:
            parts = conninfo_to_dict(place.dsn)
        except psycopg.ProgrammingError:
            # Not from the error: libpq's own message repeats the text, and with it a password.
            raise ScratchError(
                "[scratch] dsn is not one that libpq understands.",
                "Write it as postgresql://user@host/ or as host=… user=….",
            ) from None
        more: dict[str, Any] = {} if "connect_timeout" in parts else {"connect_timeout": _TIMEOUT}
        named = "dbname" in parts or "service" in parts or {"PGDATABASE", "PGSERVICE"} & environ.keys()
        if not named:  # libpq would take the user's name for the database's
            more["dbname"] = "postgres"
        return cls(place, make_conninfo(place.dsn, **more))

    def conninfo(self, database: str) -> str:
        """For another database of the server."""
        return make_conninfo(self.base, dbname=database)

    def password(self) -> str | None:
        """None where the dsn, or libpq's own ways, have to do. Raises ScratchError."""
        if self.place.password is None:
            return None
        try:
            return read_password(self.place.password)
        except (OSError, ValueError) as error:
            raise ScratchError(
                f"The password of [scratch] could not be read: {error}",
                "Look at its password = { … } in koonj.toml.",
            ) from error

    def connect(self) -> Connection:
        """To the database that others are made from; autocommit. Raises ScratchError."""
        options = connect_options(self.password())
        try:
            return psycopg.connect(self.base, **options)
        except psycopg.Error as error:
            raise lost(error) from error


class Server(NamedTuple):
    """A row of scratch/server.sql."""

    version: str
    role: str
    may_create: bool
    in_recovery: bool
    encoding: str
    backend_pid: int


def look_at(conn: Connection) -> Server:
    """Who the server is. Raises ScratchError where nothing can be rehearsed on it, psycopg.Error."""
    row = conn.execute(query("scratch/server")).fetchone()
    assert row is not None
    server = Server._make(row)
    if server.backend_pid != conn.info.backend_pid:
        raise ScratchError(
            "[scratch] dsn leads to a connection pooler, where databases cannot be made and dropped safely.",
            "Give it a dsn that reaches PostgreSQL itself.",
        )
    if conn.info.server_version < OLDEST_MAJOR * 10000:
        raise ScratchError(
            f"The server of [scratch] dsn is PostgreSQL {server.version}; koonj knows {OLDEST_MAJOR} and up.",
            "Name a newer one.",
        )
    if server.in_recovery:
        raise ScratchError(
            "The server of [scratch] dsn is a standby: no database can be made there.",
            "Name another server; it need not hold anything.",
        )
    if not server.may_create:
        raise ScratchError(
            f"Role {server.role} may not create databases on the server of [scratch] dsn.",
            f"Let a superuser say: ALTER ROLE {server.role} CREATEDB (and CREATEROLE for files that make "
            "roles); or name another role.",
            "42501",
        )
    return server
