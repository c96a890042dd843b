"""A proxy that delays each direction like a network, and counts the round trips that a client waits for."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

from support.thread_proxy import Side, ThreadProxy, Upstream

_CHUNK = 262144
_Packet = tuple[float, int, bytes]
"""When it arrives, its round, its bytes; no bytes: the sender has closed its side."""


class DelayProxy(ThreadProxy):
    """Forwards TCP connections on 127.0.0.1 to a server.

    What a client sends belongs to the round after the newest answer that it had received by then, and an answer to
    the newest round that the server had received. So `round_trips` is the longest chain of answers that the client
    had to wait for, also if it sends many messages at once. The TCP handshake is delayed too, but not counted.
    Without a delay, the count is exact only for a client that waits for each answer.
    """

    def __init__(self, upstream: Upstream, round_trip: float = 0.0) -> None:
        super().__init__(upstream)
        self._one_way = round_trip / 2
        self._heard = 0
        self._connections = 0

    @property
    def port(self) -> int:
        assert self.server is not None
        return int(self.server.sockets[0].getsockname()[1])

    @property
    def round_trips(self) -> int:
        """Round trips since the start or `reset`, of all connections, behind their TCP handshakes."""
        return self._heard

    @property
    def connections(self) -> int:
        return self._connections

    def reset(self) -> None:
        """Count from zero, for connections that are opened from now on."""
        self._heard = self._connections = 0

    async def listen(self) -> asyncio.Server:
        return await asyncio.start_server(self.accept, "127.0.0.1", 0, backlog=128)

    async def forward(self, client: Side, server: Side) -> None:
        self._connections += 1
        for each in (client.writer, server.writer):
            with suppress(OSError):  # a Unix socket has no such option
                each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(self, self._one_way, self.loop.time())
        await asyncio.gather(
            connection.forward(client.reader, server.writer, to_server=True),
            connection.forward(server.reader, client.writer, to_server=False),
        )

    def next_round(self) -> int:
        return self._heard + 1

    def hear(self, number: int) -> None:
        self._heard = max(self._heard, number)


class _Connection:
    """One connection: the delay of its packets, and the rounds to which they belong."""

    def __init__(self, proxy: DelayProxy, one_way: float, opened: float) -> None:
        self._proxy = proxy
        self._one_way = one_way
        self._ready = opened + 3 * one_way
        """When the server can receive the first bytes: SYN, SYN-ACK, and they themselves."""
        self._asked = 0

    async def forward(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_server: bool
    ) -> None:
        queue: asyncio.Queue[_Packet] = asyncio.Queue()
        delivery = asyncio.create_task(self._deliver(queue, writer, to_server=to_server))
        clock = asyncio.get_running_loop().time
        try:
            while True:
                data = b""
                with suppress(ConnectionError):
                    data = await reader.read(_CHUNK)
                due = clock() + self._one_way
                number = self._proxy.next_round() if to_server else self._asked
                queue.put_nowait((max(due, self._ready) if to_server else due, number, data))
                if not data:
                    break
            await delivery
        finally:
            delivery.cancel()

    async def _deliver(
        self, queue: asyncio.Queue[_Packet], writer: asyncio.StreamWriter, *, to_server: bool
    ) -> None:
        clock = asyncio.get_running_loop().time
        with suppress(ConnectionError, RuntimeError):  # RuntimeError: the other side is already closed
            while True:
                due, number, data = await queue.get()
                if (wait := due - clock()) > 0:
                    await asyncio.sleep(wait)
                if not data:
                    writer.write_eof()
                    return
                if to_server:
                    self._asked = max(self._asked, number)
                else:
                    self._proxy.hear(number)
                writer.write(data)
                await writer.drain()
