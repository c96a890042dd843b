"""A proxy that counts round trips: how often a client waited for an answer before it sent more.

What is asked in one go (several statements in one message, or a pipeline) is one round trip. The login is not
counted. Usage::

    with counting_proxy(server.dsn("postgres")) as proxy:
        ...  # use proxy.dsn, in this process or in another one
        assert proxy.round_trips <= 2, proxy.report()
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from support.frames import Message, MessageReader, Sender
from support.thread_proxy import Side, ThreadProxy, Upstream

_ANSWERED_BY = {
    b"Q": b"Z",
    b"S": b"Z",
    b"F": b"Z",
    b"P": b"1",
    b"B": b"2",
    b"C": b"3",
    b"D": b"Tn",
    b"E": b"CIs",
}
"""Kinds of the answers that end what a message of the client asks for."""
_TURNS = 20
"""Turns of the event loop of a client in which it sends all that it sends without waiting."""


@dataclass
class CountingProxy:
    """Counts of all connections since the last `reset`."""

    dsn: str
    """Connection string of the proxy."""
    connections: int = 0
    asked: list[list[str]] = field(default_factory=list)
    """For each round trip, the SQL texts that the client sent in it."""
    may_answer: threading.Event = field(default_factory=threading.Event)
    """Whether answers are passed on."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.may_answer.set()

    @contextmanager
    def answers_held(self) -> Iterator[None]:
        """Pass on no answer in this context."""
        self.may_answer.clear()
        try:
            yield
        finally:
            self.may_answer.set()

    @property
    def round_trips(self) -> int:
        """Number of round trips after the login."""
        return len(self.asked)

    @property
    def texts(self) -> int:
        """Number of SQL texts that the client has sent."""
        with self._lock:
            return sum(map(len, self.asked))

    def reset(self) -> None:
        """Forget what was counted."""
        with self._lock:
            self.connections, self.asked = 0, []

    def report(self) -> str:
        """Return what was asked in each round trip, for the message of a failed test."""
        lines = (" | ".join(" ".join(text.split())[:150] for text in texts) for texts in self.asked)
        return "\n".join([f"{self.round_trips} round trips", *(f"  {line}" for line in lines)])

    def connected(self) -> None:
        """Count a connection."""
        with self._lock:
            self.connections += 1

    def send(self, text: str | None, *, after_answer: bool) -> None:
        """Count a message of a client. `after_answer`: everything before it was answered."""
        with self._lock:
            if after_answer or not self.asked:
                self.asked.append([])
            if text is not None:
                self.asked[-1].append(text)


class _Exchange:
    """What one client still waits for."""

    def __init__(self, proxy: CountingProxy) -> None:
        self._proxy = proxy
        self._lock = threading.Lock()
        self._wanted: list[bytes] | None = None
        """Kinds of the outstanding answers, oldest first; None during the login."""
        self._copying = False
        """The server asked for the rows of COPY FROM STDIN, and none has come yet."""

    def sent(self, message: Message) -> None:
        """Note a message to the server."""
        kind = message.data[:1]
        with self._lock:
            if self._copying and kind in b"dcf":
                self._copying = False
                self._proxy.send(None, after_answer=True)
            if self._wanted is None or kind not in _ANSWERED_BY:
                return
            text = message.text if kind in b"QP" else None
            self._proxy.send(text, after_answer=not self._wanted)
            self._wanted.append(_ANSWERED_BY[kind])

    def answered(self, message: Message) -> None:
        """Note a message to the client."""
        kind = message.data[:1]
        with self._lock:
            if kind == b"Z":  # the server skips what is before a Sync after an error
                wanted = self._wanted or [b"Z"]
                self._wanted = wanted[wanted.index(b"Z") + 1 :]
            elif kind == b"E" and self._wanted and b"Z" not in self._wanted:
                self._wanted = []
            elif kind == b"G":
                self._copying = True
            elif self._wanted and kind in self._wanted[0] and self._wanted[0] != b"Z":
                del self._wanted[0]


class _CountingThread(ThreadProxy):
    """Forwards the connections to a Unix socket in `folder`, and notes their messages."""

    def __init__(
        self,
        upstream: Upstream,
        folder: Path,
        proxy: CountingProxy,
        client: asyncio.AbstractEventLoop | None,
    ) -> None:
        super().__init__(upstream)
        self._folder = folder
        self._proxy = proxy
        self._client = client

    async def listen(self) -> asyncio.Server:
        port = conninfo_to_dict(self._proxy.dsn).get("port", 5432)
        return await asyncio.start_unix_server(
            self.accept, str(self._folder / f".s.PGSQL.{port}"), backlog=128
        )

    async def forward(self, client: Side, server: Side) -> None:
        self._proxy.connected()
        exchange = _Exchange(self._proxy)
        await asyncio.gather(
            _pass_on(client.reader, server.writer, Sender.CLIENT, exchange.sent),
            _pass_on(
                server.reader, client.writer, Sender.SERVER, exchange.answered, self._let_the_client_send
            ),
        )

    async def _let_the_client_send(self) -> None:
        """Wait until the client has nothing more to send before it gets this answer."""
        await asyncio.to_thread(self._proxy.may_answer.wait)
        if self._client is not None:
            for _ in range(_TURNS):
                turn = asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._client)
                await asyncio.wrap_future(turn)
            for _ in range(_TURNS):  # what it has sent is noted now
                await asyncio.sleep(0)


async def _pass_on(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    sender: Sender,
    note: Callable[[Message], None],
    wait: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Pass on what one side sends. It is noted first, so that nothing that follows from it can come before."""
    messages = MessageReader(sender)
    with suppress(ConnectionError):
        while data := await reader.read(65536):
            if wait is not None:
                await wait()
            for message in messages.feed(data):
                note(message)
            writer.write(data)
            await writer.drain()
    writer.close()


@contextmanager
def counting_proxy(dsn: str, *, client: asyncio.AbstractEventLoop | None = None) -> Iterator[CountingProxy]:
    """Yield a proxy before the server of `dsn`.

    A client that sends without waiting for the answers (a window of flights) must be able to send all: else the
    server can have answered before the client sends more, and it depends on the machine how much. `client`: its
    event loop, which then has some turns before each answer. A client that blocks uses `answers_held`.
    """
    parts = conninfo_to_dict(dsn)
    host, port = str(parts["host"]), int(parts.get("port") or 5432)
    upstream = Path(host) / f".s.PGSQL.{port}" if host.startswith("/") else (host, port)
    with tempfile.TemporaryDirectory(prefix="kj-", dir="/tmp") as folder:
        proxy = CountingProxy(make_conninfo(dsn, host=folder))
        with _CountingThread(upstream, Path(folder), proxy, client):
            yield proxy
