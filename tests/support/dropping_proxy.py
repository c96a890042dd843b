"""A proxy that loses the connection between COMMIT and its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo


class DroppingProxy:
    """Forwards all bytes until the client's `count`th message that contains `trigger`."""

    def __init__(self, upstream: Path, trigger: bytes, count: int, *, forward: bool) -> None:
        self.upstream = upstream
        self.trigger = trigger
        self.left = count
        self.forward = forward
        """Whether the server still receives the message with the trigger."""
        self.dropped = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_unix_connection(str(self.upstream))
        down = asyncio.create_task(self._pump(up_reader, writer))
        try:
            while data := await reader.read(65536):
                if self._is_the_moment(data):
                    await self._drop(up_writer, data, down)
                    break
                up_writer.write(data)
                await up_writer.drain()
        except ConnectionError:
            self.dropped = self.dropped or False
        finally:
            down.cancel()
            writer.close()
            up_writer.close()

    def _is_the_moment(self, data: bytes) -> bool:
        self.left -= self.trigger in data
        return not self.dropped and self.left <= 0

    async def _drop(self, upstream: asyncio.StreamWriter, data: bytes, down: asyncio.Task[None]) -> None:
        self.dropped = True
        down.cancel()
        if self.forward:
            upstream.write(data)
            await upstream.drain()
            await asyncio.sleep(0.3)  # the server commits, but the client gets no answer

    @staticmethod
    async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def dropping_proxy(
    dsn: str, folder: Path, trigger: bytes, *, count: int = 1, forward: bool = True
) -> AsyncIterator[str]:
    """Yield a dsn like `dsn` whose connection is lost once.

    It is lost at the `count`th message with `trigger`.
    """
    parts = conninfo_to_dict(dsn)
    port = str(parts.get("port", 5432))
    proxy = DroppingProxy(Path(str(parts["host"])) / f".s.PGSQL.{port}", trigger, count, forward=forward)
    server = await asyncio.start_unix_server(proxy.serve, str(folder / f".s.PGSQL.{port}"))
    async with server:
        yield make_conninfo(dsn, host=str(folder))
    assert proxy.dropped
