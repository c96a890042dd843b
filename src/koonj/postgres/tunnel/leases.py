"""The tunnels that one connector uses: opened for the first connection, and again if ssh has ended."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

from koonj.config import Ssh, Target
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.errors import TargetError
from koonj.postgres.tunnel.destination import Destination, destinations, server_at, through
from koonj.postgres.tunnel.lease import TunnelLease
from koonj.postgres.tunnel.questions import Ask, Tell
from koonj.postgres.tunnel.shared_tunnel import open_tunnel

_GONE = 0.5
"""Seconds for which koonj looks whether a connection failed because ssh has just ended."""


class TunnelLeases:
    """The leases of a connector."""

    def __init__(self, tell: Tell | None = None) -> None:
        """`tell`: tells a user who has no screen what ssh says."""
        self._tell = tell
        self._askers: dict[Target, Ask] = {}
        self._leases: dict[tuple[Ssh, tuple[Destination, ...]], TunnelLease] = {}
        self._opening = asyncio.Lock()
        self._given_up = threading.Event()

    async def connected(
        self, target: Target, connect: Callable[[str], Awaitable[LimitedAsyncConnection]]
    ) -> LimitedAsyncConnection:
        """Call `connect` with the connection string that leads through the target's tunnel.

        If ssh ends during that, try once more through a new tunnel.

        Raises:
            TargetError: as `connect` does, or the tunnel cannot be opened.
        """
        try:
            return await self._tried(target, connect)
        except _TunnelEndedError:
            return await self._tried(target, connect, last=True)

    async def _tried(
        self,
        target: Target,
        connect: Callable[[str], Awaitable[LimitedAsyncConnection]],
        *,
        last: bool = False,
    ) -> LimitedAsyncConnection:
        lease = await self.lease(target)
        said = lease.said_bytes()
        try:
            conn = await connect(through(target.dsn, lease.servers, lease.ends))
        except TargetError as error:
            refusal = lease.refusal(said)
            if refusal is not None:
                raise refusal from error
            lost = getattr(error, "problem", None) is ConnectProblem.UNREACHABLE
            if lost and not last and await asyncio.to_thread(lease.is_gone_within, _GONE):
                raise _TunnelEndedError from error
            raise
        conn.server_place = server_at(lease.servers, lease.ends, conn)
        return conn

    @contextmanager
    def letting_ssh_ask(self, target: Target, ask: Ask) -> Iterator[None]:
        """Let ssh ask the user if it opens the tunnel to the target meanwhile; else it asks nothing."""
        self._askers[target] = ask
        try:
            yield
        finally:
            self._askers.pop(target, None)

    async def lease(self, target: Target) -> TunnelLease:
        """Return the lease of an open tunnel to the target.

        Raises:
            TunnelError: it cannot be opened.
            psycopg.ProgrammingError: libpq does not read the dsn.
        """
        # Shielded: if the caller is cancelled, the lease is still stored, so that close() can release it.
        return await asyncio.shield(asyncio.create_task(self._leased(target)))

    async def _leased(self, target: Target) -> TunnelLease:
        assert target.ssh is not None
        servers = destinations(target.dsn)
        key = target.ssh, servers
        async with self._opening:
            lease = self._leases.get(key)
            if lease is not None and lease.is_open():
                return lease
            if lease is not None:
                lease.close()
                del self._leases[key]
            opened = await asyncio.to_thread(
                open_tunnel,
                target.ssh,
                servers,
                is_given_up=self._given_up.is_set,
                ask=self._askers.get(target),
                tell=self._tell,
            )
            self._leases[key] = opened
            return opened

    async def close(self) -> None:
        """Leave all tunnels. One that is being opened is given up."""
        self._given_up.set()
        async with self._opening:
            self.leave()

    def leave(self) -> None:
        """Leave all tunnels that are open, also when the event loop in which they were opened has ended."""
        leases, self._leases = list(self._leases.values()), {}
        for lease in leases:
            lease.close()


class _TunnelEndedError(Exception):
    """Raised if a connection failed because ssh has ended."""
