"""Servers that stop to answer: a listener without a reply, and a server that only lets its clients in."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

Until = Literal["accept", "login"]
"""The last thing that the server does."""


@contextmanager
def silent_server(until: Until) -> Iterator[str]:
    """Yield the dsn of a server on the network that falls silent."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, until), daemon=True)
        thread.start()
        yield f"host=127.0.0.1 port={listener.getsockname()[1]} user=u dbname=d sslmode=disable gssencmode=disable"
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        thread.join(5)


def _serve(listener: socket.socket, until: Until) -> None:
    clients = []
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            break
        clients.append(client)
        if until == "login":
            with suppress(OSError):
                _let_in(client)
    for client in clients:
        client.close()


def _let_in(client: socket.socket) -> None:
    """Accept a login, in version 3 of the protocol."""
    client.settimeout(5)
    (size,) = struct.unpack("!i", client.recv(4, socket.MSG_WAITALL))
    client.recv(size - 4, socket.MSG_WAITALL)
    settings = {"server_version": "18.0", "client_encoding": "UTF8", "standard_conforming_strings": "on"}
    answers = [(b"R", struct.pack("!i", 0))]
    answers += [(b"S", f"{name}\0{value}\0".encode()) for name, value in settings.items()]
    answers += [(b"K", struct.pack("!ii", 7, 7)), (b"Z", b"I")]
    client.sendall(b"".join(kind + struct.pack("!i", len(body) + 4) + body for kind, body in answers))
