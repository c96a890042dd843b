"""The FIFO by which a server that several processes share knows whether any of them is left."""

import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .problem import EmbeddedError


@dataclass(frozen=True, slots=True)
class Pipe:
    """The writing end of the FIFO. The server runs while any process holds one; programs don't inherit it."""

    fifo: Path
    descriptor: int

    @classmethod
    def join(cls, fifo: Path) -> "Pipe | None":
        """The writing end; None when nobody reads the FIFO, so that there is no server."""
        try:
            return cls(fifo, os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW))
        except OSError:  # ENXIO without a reader, ENOENT before the first start
            return None

    @classmethod
    def make(cls, fifo: Path) -> "tuple[Pipe, int]":
        """The writing end, and the reading end's descriptor for the watchdog; makes the FIFO if need be."""
        if not _is_fifo(fifo):
            fifo.unlink(missing_ok=True)
            os.mkfifo(fifo, 0o600)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            writer = os.open(fifo, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except BaseException:
            os.close(reader)
            raise
        os.set_blocking(reader, True)
        os.set_blocking(writer, False)
        return cls(fifo, writer), reader

    def is_read(self) -> bool:
        """Whether the watchdog lives."""
        other = Pipe.join(self.fifo)
        if other is not None:
            other.close()
        return other is not None

    def ask(self, answer: Path, seconds: float) -> bool:
        """Whether the watchdog counts us, so that the server stays; False when it is gone or going.

        It answers by making the file `answer`. Raises EmbeddedError when it neither answers nor goes.
        """
        answer.unlink(missing_ok=True)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(BrokenPipeError, BlockingIOError):
                os.write(self.descriptor, b"\n")
            for _ in range(20):
                if answer.exists():
                    return True
                if not self.is_read():
                    return False
                time.sleep(0.002)
        raise EmbeddedError(
            f"The PostgreSQL server behind {self.fifo} has been stopping for {seconds:.0f} s.",
            "Look at its log beside that file, and try again.",
        )

    def unread_within(self, seconds: float) -> bool:
        """Wait until the watchdog is gone; False when it is not after `seconds`."""
        end = time.monotonic() + seconds
        while self.is_read():
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def close(self) -> None:
        """Let go. The server stops when this was the last."""
        os.close(self.descriptor)


def _is_fifo(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.lstat().st_mode)
    except FileNotFoundError:
        return False
