"""A proxy that knows PostgreSQL's messages, and does something to a connection before, inside or after one of them."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from types import TracebackType

from support.frames import Message, MessageReader, Sender
from support.thread_proxy import Side, ThreadProxy


class Place(Enum):
    """Which part of the message still reaches its receiver."""

    BEFORE = "before"
    INSIDE = "inside"
    AFTER = "after"


class Effect(Enum):
    """What becomes of the connection then."""

    CUT = "cut"
    """Both its sides are closed."""
    HALF_OPEN = "half open"
    """The client's side is closed; the server does not notice for HELD seconds."""
    CONTINUE = "continue"
    """It stays, and the proxy goes on with the message."""


HELD = 0.7


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place in the conversation: before, inside or after the sender's nth message, of all connections."""

    sender: Sender
    number: int
    place: Place


Act = Callable[[int | None], None]
"""Called at the boundary, with the pid of the server's session if it is known."""


@dataclass
class Conversation:
    """The messages since `FrameProxy.begin`, and what happens at the boundary."""

    boundary: Boundary | None = None
    effect: Effect = Effect.CONTINUE
    act: Act = lambda _: None
    delay: float = 0.0
    """Seconds after the message until it happens; meanwhile the proxy forwards what follows."""
    messages: list[Message] = field(default_factory=list)
    counts: dict[Sender, int] = field(default_factory=lambda: dict.fromkeys(Sender, 0))
    reached: Message | None = None
    """The message at the boundary."""

    def is_boundary(self, message: Message) -> bool:
        """Count the message, and return whether the boundary is at it."""
        self.messages.append(message)
        self.counts[message.sender] += 1
        if self.boundary is None or self.reached is not None or message.sender is not self.boundary.sender:
            return False
        return self.counts[message.sender] == self.boundary.number


class FrameProxy(ThreadProxy):
    """Forwards the connections to a Unix socket in a folder of its own."""

    def __init__(self, upstream: Path) -> None:
        super().__init__(upstream)
        self._name = upstream.name
        self.folder = Path(tempfile.mkdtemp(prefix="kj-", dir="/tmp"))
        self.conversation = Conversation()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        shutil.rmtree(self.folder, ignore_errors=True)

    def begin(self, conversation: Conversation) -> None:
        """Close all connections, and start a new conversation."""
        self.run(self._begin(conversation))

    async def _begin(self, conversation: Conversation) -> None:
        await self.end_connections()
        self.conversation = conversation

    async def listen(self) -> asyncio.Server:
        return await asyncio.start_unix_server(self.accept, str(self.folder / self._name))

    async def forward(self, client: Side, server: Side) -> None:
        connection = _Connection(self.conversation, client.writer, server.writer)
        await connection.forward(client.reader, server.reader)


class _CutError(Exception):
    """Raised to end a connection."""


class _Connection:
    """One connection through the proxy."""

    def __init__(
        self, conversation: Conversation, client: asyncio.StreamWriter, server: asyncio.StreamWriter
    ) -> None:
        self._conversation = conversation
        self._client = client
        self._server = server
        self._pid: int | None = None
        self._cut = asyncio.Event()
        self._later: asyncio.Task[None] | None = None

    async def forward(self, client: asyncio.StreamReader, server: asyncio.StreamReader) -> None:
        """Forward both directions until one of them ends, or the connection is cut."""
        cut = asyncio.ensure_future(self._cut.wait())
        ways = [
            asyncio.ensure_future(self._pump(Sender.CLIENT, client, self._server)),
            asyncio.ensure_future(self._pump(Sender.SERVER, server, self._client)),
        ]
        try:
            await asyncio.wait((*ways, cut), return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks = [*ways, cut, *([self._later] if self._later else [])]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _pump(self, sender: Sender, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        messages = MessageReader(sender)
        with suppress(ConnectionError, _CutError):
            while data := await reader.read(65536):
                for message in messages.feed(data):
                    self._pid = message.backend_pid or self._pid
                    if self._conversation.is_boundary(message):
                        self._conversation.reached = message
                        await self._meet(message, writer)
                    elif not writer.is_closing():
                        writer.write(message.data)
                await writer.drain()

    async def _meet(self, message: Message, writer: asyncio.StreamWriter) -> None:
        """Do what happens at the boundary.

        Raises:
            _CutError: The connection ends here.
        """
        conversation = self._conversation
        assert conversation.boundary is not None
        size = {Place.BEFORE: 0, Place.INSIDE: len(message.data) // 2, Place.AFTER: len(message.data)}
        sent = size[conversation.boundary.place]
        writer.write(message.data[:sent])
        if conversation.delay:
            writer.write(message.data[sent:])
            self._later = asyncio.ensure_future(self._act_later())
            return
        with suppress(ConnectionError):
            await writer.drain()
        await self._act()
        writer.write(message.data[sent:])

    async def _act_later(self) -> None:
        await asyncio.sleep(self._conversation.delay)
        with suppress(_CutError):
            await self._act()

    async def _act(self) -> None:
        """Do what happens.

        Raises:
            _CutError: The connection ends.
        """
        conversation = self._conversation
        conversation.act(self._pid)
        if conversation.effect is Effect.CONTINUE:
            return
        if conversation.effect is Effect.HALF_OPEN:
            self._client.close()
            await asyncio.sleep(HELD)
        self._cut.set()
        raise _CutError
