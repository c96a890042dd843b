"""Use a FIFO to tell a shared process whether any client process is left."""

import os
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Pipe:
    """The writing end of the FIFO. The shared process runs while any process holds one.

    Child programs do not inherit it.
    """

    fifo: Path
    descriptor: int

    @classmethod
    def join(cls, fifo: Path) -> "Pipe | None":
        """Return the writing end; None if no process reads the FIFO: then there is nothing to share."""
        try:
            return cls(fifo, os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW))
        except OSError:  # ENXIO without a reader, ENOENT before the first start
            return None

    @classmethod
    def make(cls, fifo: Path) -> "tuple[Pipe, int]":
        """Return the writing end, and the descriptor of the reading end for the watchdog.

        Creates the FIFO if needed.
        """
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
        """Return whether the watchdog is alive."""
        other = Pipe.join(self.fifo)
        if other is not None:
            other.close()
        return other is not None

    def ask(self, answer: Path, seconds: float) -> bool:
        """Return whether the watchdog counts this process, so that the shared process stays.

        False if the watchdog has ended or is ending. It answers by creating the file `answer`.

        Raises:
            TimeoutError: it neither answers nor ends.
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
        raise TimeoutError(f"no answer to {self.fifo} within {seconds:.0f} s")

    def unread_within(self, seconds: float) -> bool:
        """Wait until the watchdog has ended; False if it has not after `seconds`."""
        end = time.monotonic() + seconds
        while self.is_read():
            if time.monotonic() > end:
                return False
            time.sleep(0.005)
        return True

    def close(self) -> None:
        """Close the writing end. The shared process ends if this was the last one."""
        os.close(self.descriptor)


def _is_fifo(path: Path) -> bool:
    try:
        return stat.S_ISFIFO(path.lstat().st_mode)
    except FileNotFoundError:
        return False
