"""A proxy that delays each direction like a network, and counts the round trips that a client waits for."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

_CHUNK = 262144
_Packet = tuple[float, int, bytes]
"""When it arrives, its round, its bytes; no bytes: the sender has closed its side."""


class DelayProxy:
    """Forwards TCP connections on 127.0.0.1 to a server, from a thread of its own.

    What a client sends belongs to the round after the newest answer that it had received by then, and an answer to
    the newest round that the server had received. So `round_trips` is the longest chain of answers that the client
    had to wait for, also if it sends many messages at once. The TCP handshake is delayed too, but not counted.
    Without a delay, the count is exact only for a client that waits for each answer.
    """

    def __init__(self, upstream: Path | tuple[str, int], round_trip: float = 0.0) -> None:
        self._upstream = upstream
        self._one_way = round_trip / 2
        self._heard = 0
        self._connections = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

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

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, backlog=128)

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            up_reader, up_writer = await self._connect()
        except OSError:
            writer.close()
            return
        for each in (writer, up_writer):
            with suppress(OSError):  # a Unix socket has no such option
                each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = _Connection(self, self._one_way, self._loop.time())
        try:
            await asyncio.gather(
                connection.forward(reader, up_writer, to_server=True),
                connection.forward(up_reader, writer, to_server=False),
            )
        finally:
            writer.close()
            up_writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self._upstream, Path):
            return await asyncio.open_unix_connection(str(self._upstream))
        return await asyncio.open_connection(*self._upstream)

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
