"""The session in which scripts run on scratch: each as the role and with the search_path of the target."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import AsyncConnection, sql

from koonj.postgres.scratch.roles import create_roles
from koonj.postgres.scratch.server import ScratchServer


class Session:
    """One connection to the scratch, opened anew where search_path has to be another."""

    def __init__(self, server: ScratchServer) -> None:
        self._server = server
        self._conn: AsyncConnection | None = None
        self._search_path = ""
        self._role: str | None = None

    async def make_roles(self, names: Iterable[str]) -> None:
        """Those of the target, so that what is granted to them can be. Raises ScratchError, psycopg.Error."""
        conn = await self.connection()
        for name in await create_roles(conn, names):
            if self._server.alone:
                await self._let_all(conn, name)

    async def connection(self) -> AsyncConnection:
        """As it is. Raises ScratchError, psycopg.Error."""
        if self._conn is None or self._conn.closed:
            self._conn = await self._server.connect()
            cursor = await self._conn.execute("SELECT pg_catalog.current_setting('search_path')")
            row = await cursor.fetchone()
            assert row is not None
            self._search_path, self._role = row[0], None
        return self._conn

    async def connection_for(self, role: str, search_path: str) -> AsyncConnection:
        """For a script that ran as `role`, which is not set yet. Raises ScratchError, psycopg.Error."""
        conn = await self.connection()
        if search_path != self._search_path:
            await self._keep(conn, search_path)
            await self.close()
            conn = await self.connection()
        if role != self._role:
            await conn.execute("RESET ROLE")
            await (self._let_all(conn, role) if self._server.alone else self._let_own(conn, role))
            self._role = role
        return conn

    async def close(self) -> None:
        """Before the scratch is copied, or left."""
        conn, self._conn = self._conn, None
        if conn is not None:
            await conn.close()

    async def _keep(self, conn: AsyncConnection, search_path: str) -> None:
        """For the database's sessions to come: a RESET ALL, of a script or between two, brings it back."""
        await conn.execute("RESET ROLE")
        await conn.execute("SELECT pg_catalog.set_config('search_path', %s, false)", (search_path,))
        keep = sql.SQL("ALTER DATABASE {} SET search_path FROM CURRENT")
        await conn.execute(keep.format(sql.Identifier(conn.info.dbname)))

    async def _let_all(self, conn: AsyncConnection, role: str) -> None:
        """On a server that is thrown away: what a role may on the target, nobody can see in full."""
        await conn.execute(sql.SQL("ALTER ROLE {} SUPERUSER").format(sql.Identifier(role)))

    async def _let_own(self, conn: AsyncConnection, role: str) -> None:
        """On a server that others use, where a role may be somebody's: what a database's owner may."""
        names = sql.Identifier(conn.info.dbname), sql.Identifier(role)
        await conn.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(*names))
