"""Connect to the configured scratch server, and check it before its first use."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.config import ScratchPlace
from koonj.postgres.answer_limit import LimitedConnection
from koonj.postgres.connection import connect
from koonj.postgres.connection_cause import cause_of
from koonj.postgres.connection_string import not_valid
from koonj.postgres.connector import OLDEST_MAJOR
from koonj.postgres.errors import error_message
from koonj.postgres.kept_passwords import KeptPasswords, PasswordError
from koonj.postgres.queries import query
from koonj.postgres.scratch.interface import ScratchError
from koonj.postgres.scratch.worker_thread import connect_options, lost

Connection = LimitedConnection


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach the server."""

    place: ScratchPlace
    base: str
    """The dsn, with the database from which koonj creates and drops others."""
    passwords: KeptPasswords = field(default_factory=KeptPasswords, repr=False, compare=False)

    @classmethod
    def of(cls, place: ScratchPlace, environ: Mapping[str, str] = os.environ) -> Login:
        """Return the login for the configured dsn.

        Raises: ScratchError if the dsn is not a valid connection string.
        """
        assert place.dsn is not None
        try:
            parts = conninfo_to_dict(place.dsn)
        except psycopg.ProgrammingError as error:
            # "from None", because libpq's message contains the dsn, which can contain a password.
            wrong, hint = not_valid(place.dsn, error)
            raise ScratchError(f"[scratch] dsn {wrong}.", hint) from None
        more: dict[str, Any] = {}
        named = "dbname" in parts or "service" in parts or {"PGDATABASE", "PGSERVICE"} & environ.keys()
        if not named:  # libpq would use the name of the user as the database
            more["dbname"] = "postgres"
        return cls(place, make_conninfo(place.dsn, **more))

    def conninfo(self, database: str) -> str:
        """Return the connection string for another database of the server."""
        return make_conninfo(self.base, dbname=database)

    def password(self) -> str | None:
        """Return the password; None if the dsn or libpq provides it.

        Raises: ScratchError.
        """
        if self.place.password is None:
            return None
        try:
            return self.passwords.get_blocking(self.place.password).text
        except PasswordError as error:
            raise _not_read(error) from error

    def connect(self) -> Connection:
        """Connect to the database from which others are created. Autocommit.

        Raises: ScratchError.
        """
        try:
            if self.place.password is None:
                return self._connected(None)
            return self.passwords.log_in_blocking(self.place.password, self._connected, _is_refused)
        except PasswordError as error:
            raise _not_read(error) from error
        except psycopg.Error as error:
            raise lost(error) from error

    def _connected(self, password: str | None) -> Connection:
        return connect(self.base, **connect_options(password))


def _is_refused(error: Exception) -> bool:
    return isinstance(error, psycopg.Error) and cause_of(error, error_message(error)).is_password


def _not_read(error: PasswordError) -> ScratchError:
    return ScratchError(
        f"The password of the configured scratch server could not be read: {error}",
        "Check password = { … } of [scratch] in koonj.toml.",
    )


class Server(NamedTuple):
    """A row of scratch/server.sql."""

    version: str
    role: str
    may_create: bool
    in_recovery: bool
    encoding: str
    backend_pid: int


def look_at(conn: Connection) -> Server:
    """Return facts about the server.

    Raises: ScratchError if it cannot be used for rehearsals; psycopg.Error.
    """
    row = conn.execute(query("scratch/server")).fetchone()
    assert row is not None
    server = Server._make(row)
    if server.backend_pid != conn.info.backend_pid:
        raise ScratchError(
            "[scratch] dsn points to a connection pooler, which cannot create and drop databases safely.",
            "Use a dsn that connects to PostgreSQL directly.",
        )
    if conn.info.server_version < OLDEST_MAJOR * 10000:
        raise ScratchError(
            f"The configured scratch server is PostgreSQL {server.version}; "
            f"koonj requires {OLDEST_MAJOR} or newer.",
            "Set [scratch] dsn to a newer server.",
        )
    if server.in_recovery:
        raise ScratchError(
            "The configured scratch server is a standby, which cannot create databases.",
            "Use another server; it can be empty.",
        )
    if not server.may_create:
        raise ScratchError(
            f"Role {server.role} is not allowed to create databases on the configured scratch server.",
            f"As a superuser, run: ALTER ROLE {server.role} CREATEDB; (add CREATEROLE for files that create "
            "roles). Or use another role.",
            "42501",
        )
    return server
