"""Servers that answer little: nothing, only the login, or the same text to every query."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Until = Literal["accept", "login"]
"""The last thing that the server does."""


@contextmanager
def silent_server(until: Until) -> Iterator[str]:
    """Yield the dsn of a server on the network that falls silent."""
    with _listening(lambda client: _let_in(client) if until == "login" else None) as dsn:
        yield dsn


@contextmanager
def recorded_server(server_version: str, answer: str) -> Iterator[str]:
    """Yield the dsn of a server that answers each query with one recorded text."""

    def serve(client: socket.socket) -> None:
        _let_in(client, server_version)
        while client.recv(1) == b"Q":
            (size,) = struct.unpack("!i", client.recv(4, socket.MSG_WAITALL))
            client.recv(size - 4, socket.MSG_WAITALL)
            text = answer.encode()
            column = b"version\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0)
            row = struct.pack("!hi", 1, len(text)) + text
            _send(
                client,
                (b"T", struct.pack("!h", 1) + column),
                (b"D", row),
                (b"C", b"SELECT 1\0"),
                (b"Z", b"I"),
            )

    with _listening(serve) as dsn:
        yield dsn


@contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_accept, args=(listener, serve), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        yield f"host=127.0.0.1 port={port} user=u dbname=d sslmode=disable gssencmode=disable"
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        thread.join(5)


def _accept(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    clients = []
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            break
        client.settimeout(60)
        clients.append(client)  # stays open
        with suppress(OSError):
            serve(client)
    for client in clients:
        client.close()


def _let_in(client: socket.socket, server_version: str = "18.0") -> None:
    """Accept a login, in version 3 of the protocol."""
    (size,) = struct.unpack("!i", client.recv(4, socket.MSG_WAITALL))
    client.recv(size - 4, socket.MSG_WAITALL)
    settings = {
        "server_version": server_version,
        "client_encoding": "UTF8",
        "standard_conforming_strings": "on",
    }
    statuses = [(b"S", f"{name}\0{value}\0".encode()) for name, value in settings.items()]
    _send(client, (b"R", struct.pack("!i", 0)), *statuses, (b"K", struct.pack("!ii", 7, 7)), (b"Z", b"I"))


def _send(client: socket.socket, *messages: tuple[bytes, bytes]) -> None:
    client.sendall(b"".join(kind + struct.pack("!i", len(body) + 4) + body for kind, body in messages))
