"""What the proxies between koonj and a server share: an event loop in a thread of its own, and the connections."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

Upstream = Path | tuple[str, int]
"""Unix socket of the server, or its host and port."""


class Side:
    """One side of a connection: the client or the server."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer


class ThreadProxy(ABC):
    """Forwards connections to a server, from a thread of its own. Use as a context manager."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.loop = asyncio.new_event_loop()
        self.server: asyncio.Server | None = None
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self.run(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self._close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()

    @abstractmethod
    async def listen(self) -> asyncio.Server:
        """Start to accept connections with `accept`."""

    @abstractmethod
    async def forward(self, client: Side, server: Side) -> None:
        """Forward both directions of a connection until its end."""

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something in the proxy's thread, and wait for its end."""
        asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    async def end_connections(self) -> None:
        """Close all connections."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a client."""
        task = self.loop.create_task(self._serve(Side(reader, writer)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _start(self) -> None:
        self.server = await self.listen()

    async def _close(self) -> None:
        assert self.server is not None
        self.server.close()
        await self.end_connections()

    async def _serve(self, client: Side) -> None:
        try:
            server = Side(*await self._connect())
        except OSError:
            client.writer.close()
            return
        try:
            await self.forward(client, server)
        finally:
            client.writer.close()
            server.writer.close()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.upstream, Path):
            return await asyncio.open_unix_connection(str(self.upstream))
        return await asyncio.open_connection(*self.upstream)
