"""A scratch server that [scratch] dsn configures.

koonj creates and drops databases on it. Other programs can use the server, but only one koonj process at a
time can rehearse on it, because roles are shared by all databases of a server. Changes that a file makes to
existing roles, or outside its database, are not undone. So the server should not contain anything important.
"""

from __future__ import annotations

from contextlib import suppress

import psycopg
from psycopg import sql

from koonj.config import ScratchPlace
from koonj.postgres.answer_limit import READ_SECONDS
from koonj.postgres.queries import query
from koonj.postgres.readable_text import readable_rows_blocking
from koonj.postgres.scratch.interface import ScratchError, Turn
from koonj.postgres.scratch.login import Connection, Login, look_at
from koonj.postgres.scratch.ownership import (
    LIMIT,
    comment,
    drop_database,
    drop_roles,
    new_name,
    orphans,
    try_turn,
    wait_for_turn,
)
from koonj.postgres.scratch.settings import SESSION_SETTINGS
from koonj.postgres.scratch.worker_thread import ScratchRoute, ThreadedScratch, lost

_QUESTION = b"SELECT pg_catalog.current_database()"


class NamedServerScratch(ThreadedScratch):
    """A ScratchServer on a configured server.

    Closed, it leaves nothing. If it was killed, the next one drops what it left.
    """

    def __init__(self, place: ScratchPlace, *, major: int | None = None) -> None:
        """Connect, but create nothing yet. Blocking.

        `major`: no other version is allowed.

        Raises: ScratchError.
        """
        given = NamedServer(Login.of(place))
        super().__init__(given)
        if major is not None and given.major != major:
            given.close()
            raise ScratchError(
                f"The configured scratch server is PostgreSQL {given.major}, not {major}.",
                f"Set [scratch] dsn to a PostgreSQL {major}, or omit it to use the binaries of this machine.",
            )
        given.given_up = lambda: self.is_closed


class NamedServer:
    """Blocking operations: one session creates and drops databases.

    It also holds the advisory lock of rehearsals.
    """

    alone = False

    def __init__(self, login: Login) -> None:
        """Connect and check the server.

        Raises: ScratchError.
        """
        self._login = login
        self._base = login.connect()
        self._base.answer_limit = READ_SECONDS
        try:
            self._server = look_at(self._base)
        except psycopg.Error as error:
            self._base.close()
            raise lost(error) from error
        except BaseException:
            self._base.close()
            raise
        self._base.answer_limit = None  # a large database takes long to copy
        self.version = self._server.version.split()[0]
        self.major = self._base.info.server_version // 10000
        if self.major >= 14:
            self._base.execute("SET idle_session_timeout TO 0")  # it is idle while migrations run elsewhere
        self.source = f"PostgreSQL {self.version} ([scratch] dsn)"
        self.given_up = lambda: False
        self._name = new_name()
        self._roles: frozenset[str] | None = None
        """Roles that existed at first; None until this process has the lock."""
        self._made = False
        self._untouched: tuple[object, ...] = ()
        """Properties of the new database that CREATE DATABASE … TEMPLATE would not copy."""
        self._kept: dict[str, str] = {}
        self._notes: dict[str, bytes] = {}
        """Checkpoints: key to note. `_kept` is key to database."""

    def way(self) -> ScratchRoute:
        """Return how to connect. Create the database if there is none.

        Raises: ScratchError, psycopg.Error.
        """
        if not self._made:
            self._make("template0")
        return ScratchRoute(self._login.conninfo(self._name), self._login.password(), _QUESTION, self._name)

    def reset(self) -> None:
        """Replace the database by an empty one.

        Raises: ScratchError, psycopg.Error.
        """
        self._make("template0")

    def nearest(self, keys: tuple[str, ...]) -> str | None:
        """Return the first key that has a checkpoint of this process."""
        return next((key for key in keys if key in self._kept), None)

    def restore(self, key: str) -> bytes:
        """Replace the database by a copy of the checkpoint. Return the checkpoint's note.

        Raises: ScratchError, psycopg.Error.
        """
        if key not in self._kept:
            raise ScratchError("The checkpoint does not exist.", "Start the rehearsal again.")
        self._make(self._kept[key])
        return self._notes[key]

    def save(self, key: str, note: bytes) -> None:
        """Save a checkpoint, or do nothing if a copy of the database would be incomplete.

        It would be incomplete if there are new roles, or grants on the database itself. Besides, a role
        cannot be dropped while objects of a checkpoint use it.

        Raises: psycopg.Error.
        """
        if self._made and key not in self._kept and self._is_all():
            name = f"{self._name}_c{len(self._kept) + 1}"
            self._create(name, self._name)
            self._kept[key], self._notes[key] = name, note

    def close(self) -> None:
        """Drop the databases, then the roles.

        Raises: psycopg.Error.
        """
        if self._base.closed:
            return
        try:
            for name in (*self._kept.values(), self._name):
                drop_database(self._base, name)
            self._kept.clear()
            self._drop_new_roles()
        finally:
            self._base.close()

    def _make(self, template: str) -> None:
        self._take_turn()
        self._made = False
        drop_database(self._base, self._name)
        self._drop_new_roles()
        self._create(self._name, template)
        self._untouched = self._beside()
        self._made = True

    def try_turn(self) -> Turn:
        """Take the server for this process, if no other koonj process rehearses on it.

        Raises: psycopg.Error.
        """
        if self._roles is not None:
            return Turn(taken=True)
        turn = try_turn(self._base)
        if turn.taken:
            self._remove_orphans()
        return turn

    def _take_turn(self) -> None:
        """Wait for other koonj processes. Does nothing after the first time."""
        if self._roles is None:
            wait_for_turn(self._base, self.given_up)
            self._remove_orphans()

    def _remove_orphans(self) -> None:
        """Remove what killed koonj processes left."""
        left = orphans(self._base)
        for orphan in left:
            with suppress(psycopg.errors.InsufficientPrivilege):  # owned by another role, which will drop it
                drop_database(self._base, orphan.name)
        drop_roles(self._base, frozenset().union(*(orphan.roles for orphan in left)))
        self._roles = _roles(self._base)

    def _create(self, name: str, template: str) -> None:
        parts: list[sql.Composable] = [
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        ]
        parts.append(sql.SQL("CONNECTION LIMIT {}").format(sql.Literal(LIMIT)))
        if self.major >= 15:
            parts.append(sql.SQL("STRATEGY FILE_COPY"))  # takes half the time of WAL_LOG
        if template == "template0" and self._server.encoding != "UTF8":
            parts.append(sql.SQL("ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"))
        self._base.execute(sql.SQL(" ").join(parts))
        text = comment(self._roles or ())
        self._base.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(text))
        )
        for setting, value in SESSION_SETTINGS.items():
            self._base.execute(
                sql.SQL("ALTER DATABASE {} SET {} TO {}").format(
                    sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
                )
            )

    def _is_all(self) -> bool:
        return _roles(self._base) == self._roles and self._beside() == self._untouched

    def _beside(self) -> tuple[object, ...]:
        rows = readable_rows_blocking(self._base, query("scratch/beside_database"), (self._name,))
        return rows[0] if rows else ()

    def _drop_new_roles(self) -> None:
        if self._roles is not None:
            drop_roles(self._base, _roles(self._base) - self._roles)


def _roles(conn: Connection) -> frozenset[str]:
    return frozenset(row[0] for row in readable_rows_blocking(conn, query("scratch/roles")))
