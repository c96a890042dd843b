"""Ask a run in another process to end, through a FIFO. A message is one line of JSON.

Not a socket: the path of one has at most 108 bytes. POSIX: up to PIPE_BUF (at least 512) bytes are written
whole (https://pubs.opengroup.org/onlinepubs/9799919799/functions/write.html).
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from koonj.postgres.run_name import os_user

_MOST_BYTES = 512
CANCEL = "cancel"


def ask_to_cancel(fifo: Path) -> None:
    """Ask the process that reads `fifo` to cancel its run.

    Raises:
        OSError: no process reads it.
    """
    message = json.dumps({"do": CANCEL, "who": caller()[: _MOST_BYTES // 8]}).encode("ascii") + b"\n"
    try:
        descriptor = os.open(fifo, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        if error.errno in (errno.ENXIO, errno.ENOENT):
            raise ProcessLookupError(errno.ESRCH, "the process of the run has ended") from error
        raise
    try:
        os.write(descriptor, message)
    finally:
        os.close(descriptor)


def caller() -> str:
    """Return who uses this process: ``dev1@bastion1 pts/3``."""
    terminal = ""
    for descriptor in (0, 1, 2):
        with suppress(OSError):
            terminal = terminal or f" {os.ttyname(descriptor).removeprefix('/dev/')}"
    return f"{os_user()}@{socket.gethostname()}{terminal}"


@contextmanager
def messages_to(take: Callable[[Mapping[str, Any]], None], fifo: int) -> Iterator[None]:
    """Pass each message that arrives in `fifo` to `take`, in the running event loop."""
    loop = asyncio.get_running_loop()
    buffer = bytearray()

    def read() -> None:
        with suppress(BlockingIOError):
            buffer.extend(os.read(fifo, 65536))
        *lines, rest = bytes(buffer).split(b"\n")
        buffer[:] = rest[-_MOST_BYTES:]
        for line in lines:
            with suppress(ValueError):
                message = json.loads(line)
                if isinstance(message, dict):
                    take(message)

    loop.add_reader(fifo, read)
    try:
        yield
    finally:
        loop.remove_reader(fifo)
