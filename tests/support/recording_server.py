"""A server that records the messages of psql and answers that all succeeded.

Tests use it for psql's own parsing of a file, which happens in the client. No answer of a real server
influences it, except standard_conforming_strings and the rows of a COPY, which this server answers like a
real one.
"""

import re
import socket
import struct
import subprocess
import tempfile
import threading
from contextlib import suppress
from io import BufferedRWPair
from pathlib import Path
from types import TracebackType
from typing import Self

_SETTING = re.compile(
    r"[ \t\r\n\f\v]*set\s+(?:local\s+)?standard_conforming_strings\s*(?:=|to)\s*'?(\w+)", re.IGNORECASE
)
_COPY = re.compile(r"[ \t\r\n\f\v]*copy\s+[a-z.]+\s+from\s+stdin\b", re.IGNORECASE)


class RecordingServer:
    """Listens on a Unix socket while the context is open. One client at a time."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="koonj-rec-", dir="/tmp")
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self._folder.name}/.s.PGSQL.5432")
        self._listener.listen()
        self._sent: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread
        self._thread.join(5)
        self._listener.close()
        self._folder.cleanup()

    def statements(self, psql: Path, text: str) -> list[str]:
        """Return the messages that this psql sends for a file with this text."""
        sent: list[str] = []
        self._sent = sent
        file = Path(self._folder.name, "file.sql")
        file.write_bytes(text.encode())
        connection = ["-h", self._folder.name, "-p", "5432", "-U", "u", "-d", "d"]
        subprocess.run(
            [psql, "-X", "-q", "-f", file, *connection], capture_output=True, timeout=30, check=False
        )
        return sent

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with suppress(ConnectionError), client, client.makefile("rwb") as stream:
                _Session(stream, self._sent).run()


class _Session:
    """One connection, in version 3 of the protocol."""

    def __init__(self, stream: BufferedRWPair, sent: list[str]) -> None:
        self.stream = stream
        self.sent = sent

    def run(self) -> None:
        (size,) = struct.unpack("!i", self.stream.read(4))
        self.stream.read(size - 4)
        self._say(b"R", struct.pack("!i", 0))
        for name, value in (
            ("server_version", "18.0"),
            ("client_encoding", "UTF8"),
            ("standard_conforming_strings", "on"),
        ):
            self._parameter(name, value)
        self._ready()
        while (kind := self.stream.read(1)) not in {b"", b"X"}:
            (size,) = struct.unpack("!i", self.stream.read(4))
            body = self.stream.read(size - 4)
            if kind == b"Q":
                self._query(body.rstrip(b"\0").decode())

    def _query(self, text: str) -> None:
        self.sent.append(text)
        if found := _SETTING.match(text):
            self._parameter("standard_conforming_strings", "off" if found[1].lower() == "off" else "on")
        if _COPY.match(text):
            self._say(b"G", struct.pack("!bh", 0, 0))
            self.stream.flush()
            while self.stream.read(1) == b"d":
                (size,) = struct.unpack("!i", self.stream.read(4))
                self.stream.read(size - 4)
            self.stream.read(4)  # the size of CopyDone
        self._say(b"C", b"SELECT 0\0")
        self._ready()

    def _parameter(self, name: str, value: str) -> None:
        self._say(b"S", f"{name}\0{value}\0".encode())

    def _ready(self) -> None:
        self._say(b"Z", b"I")
        self.stream.flush()

    def _say(self, kind: bytes, body: bytes) -> None:
        self.stream.write(kind + struct.pack("!i", len(body) + 4) + body)
