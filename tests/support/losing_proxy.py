"""A proxy that loses a connection at a message of koonj, and decides what koonj finds when it connects again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class Loss(Enum):
    """What becomes of the message at which the connection is lost."""

    ANSWERED = "the server answers it, and the answer is lost"
    NEVER_SENT = "the server does not receive it, and its session ends"
    HELD = "the server does not receive it yet, and its session stays"


async def _admit(_: int) -> bool:
    return True


class LosingProxy:
    """Forwards all bytes until the client's `count`th message that contains `trigger`."""

    def __init__(self, upstream: Path, trigger: bytes, count: int, loss: Loss) -> None:
        self._upstream = upstream
        self._trigger = trigger
        self._left = count
        self._loss = loss
        self._held: tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes] | None = None
        self._open: list[asyncio.StreamWriter] = []
        self.lost = False
        self.connections = 0
        """Number of connections after the loss."""
        self.admit: Callable[[int], Awaitable[bool]] = _admit
        """Whether the nth connection after the loss reaches the server."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.lost:
            self.connections += 1
            if not await self.admit(self.connections):
                writer.close()
                return
        up_reader, up_writer = await asyncio.open_unix_connection(str(self._upstream))
        self._open.append(up_writer)
        down = asyncio.create_task(_pump(up_reader, writer))
        try:
            with suppress(ConnectionError):
                while data := await reader.read(65536):
                    if self._is_the_moment(data):
                        down.cancel()
                        await asyncio.wait((down,))
                        await self._lose(up_reader, up_writer, data)
                        break
                    up_writer.write(data)
                    await up_writer.drain()
        finally:
            down.cancel()
            writer.close()
            if self._held is None or self._held[1] is not up_writer:
                up_writer.close()

    def _is_the_moment(self, data: bytes) -> bool:
        if self.lost or self._trigger not in data:
            return False
        self._left -= 1
        return self._left == 0

    async def _lose(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> None:
        self.lost = True
        if self._loss is Loss.ANSWERED:
            await _send(reader, writer, data)
        elif self._loss is Loss.HELD:
            self._held = reader, writer, data

    async def release(self, *, sent: bool) -> None:
        """End the session that is held; `sent`: after the server has answered the message."""
        assert self._held is not None
        reader, writer, data = self._held
        if sent:
            await _send(reader, writer, data)
        writer.close()
        if not sent:
            while await reader.read(65536):
                pass  # until the server has ended the session

    def close(self) -> None:
        for writer in self._open:
            writer.close()


async def _send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send a message and wait for the server's whole answer, which ends with ReadyForQuery."""
    writer.write(data)
    answer = b""
    while b"Z\x00\x00\x00\x05" not in answer:
        answer += await reader.read(65536)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def losing_proxy(
    dsn: str, trigger: bytes, *, count: int = 1, loss: Loss = Loss.ANSWERED
) -> AsyncIterator[tuple[LosingProxy, str]]:
    """Yield a proxy before the server of `dsn`, and its own dsn.

    The connection is lost at the `count`th message with `trigger`.
    """
    parts = conninfo_to_dict(dsn)
    port = str(parts.get("port", 5432))
    proxy = LosingProxy(Path(str(parts["host"])) / f".s.PGSQL.{port}", trigger, count, loss)
    with TemporaryDirectory(prefix="kj-", dir="/tmp") as folder:
        server = await asyncio.start_unix_server(proxy.serve, f"{folder}/.s.PGSQL.{port}")
        async with server:
            yield proxy, make_conninfo(dsn, host=folder)
            proxy.close()
    assert proxy.lost
