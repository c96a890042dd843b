"""Cut a PostgreSQL connection's bytes into messages, in both directions.

https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Sender(Enum):
    """Who sends a message."""

    CLIENT = "client"
    SERVER = "server"


_FIRST = {80877103: "SSLRequest", 80877104: "GSSENCRequest", 80877102: "CancelRequest"}
_CLIENT = {
    "B": "Bind",
    "C": "Close",
    "D": "Describe",
    "E": "Execute",
    "H": "Flush",
    "P": "Parse",
    "Q": "Query",
    "S": "Sync",
    "X": "Terminate",
    "p": "Password",
}
_SERVER = {
    "1": "ParseComplete",
    "2": "BindComplete",
    "3": "CloseComplete",
    "C": "CommandComplete",
    "D": "DataRow",
    "E": "ErrorResponse",
    "I": "EmptyQueryResponse",
    "K": "BackendKeyData",
    "N": "NoticeResponse",
    "R": "Authentication",
    "S": "ParameterStatus",
    "T": "RowDescription",
    "Z": "ReadyForQuery",
    "n": "NoData",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message with its whole bytes."""

    sender: Sender
    kind: str
    """Its name in PostgreSQL's documentation, or its first byte."""
    data: bytes

    @property
    def text(self) -> str:
        """SQL of a query or a Parse, or the tag of a CommandComplete; otherwise empty."""
        body = self.data[5:]
        if self.kind in {"Query", "CommandComplete"}:
            return body.rstrip(b"\0").decode("utf-8", "replace")
        return body.split(b"\0")[1].decode("utf-8", "replace") if self.kind == "Parse" else ""

    @property
    def backend_pid(self) -> int | None:
        """Pid of the server's session in a BackendKeyData; otherwise None."""
        return int.from_bytes(self.data[5:9], "big") if self.kind == "BackendKeyData" else None


class MessageReader:
    """Cuts the bytes of one direction of a connection without TLS."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._rest = b""
        self._opened = sender is Sender.SERVER

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield the messages that are complete with these bytes."""
        self._rest += data
        while (size := self._size()) is not None and len(self._rest) >= size:
            whole, self._rest = self._rest[:size], self._rest[size:]
            yield Message(self._sender, self._kind(whole), whole)

    def _size(self) -> int | None:
        start = 1 if self._opened else 0  # the first message of a client has no type
        if len(self._rest) < start + 8 - 4 * start:
            return None
        return start + int(struct.unpack_from("!i", self._rest, start)[0])

    def _kind(self, whole: bytes) -> str:
        if not self._opened:
            kind = _FIRST.get(struct.unpack_from("!i", whole, 4)[0], "Startup")
            self._opened = kind == "Startup"
            return kind
        letter = chr(whole[0])
        return (_CLIENT if self._sender is Sender.CLIENT else _SERVER).get(letter, letter)
