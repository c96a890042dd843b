"""Ask a run in another process for something, through a FIFO. A message is one line of JSON.

Not a socket: the path of one has at most 108 bytes. POSIX: up to PIPE_BUF (at least 512) bytes are written
whole (https://pubs.opengroup.org/onlinepubs/9799919799/functions/write.html).
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
import select
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from koonj.postgres.run_name import os_user
from koonj.runner.run.codec import PlainError, from_plain, to_plain
from koonj.runner.run.unblock_request import UnblockRequest

_MOST_BYTES = select.PIPE_BUF
CANCEL, UNBLOCK = "cancel", "unblock"


def ask_to_cancel(fifo: Path) -> None:
    """Ask the process that reads `fifo` to cancel its run.

    Raises:
        OSError: no process reads it.
    """
    _write(fifo, {"do": CANCEL, "who": caller()[: _MOST_BYTES // 8]})


def ask_to_unblock(fifo: Path, request: UnblockRequest) -> None:
    """Ask the process that reads `fifo` to end a blocking session, or to cancel its statement.

    Raises:
        OSError: no process reads it.
    """
    _write(fifo, {"do": UNBLOCK, "request": to_plain(request)})


def unblock_request(message: Mapping[str, Any]) -> UnblockRequest | None:
    """Return what a message asks for; None if it is not what koonj writes."""
    try:
        return from_plain(UnblockRequest, message.get("request"))
    except PlainError:
        return None


def _write(fifo: Path, content: Mapping[str, Any]) -> None:
    message = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
    if len(message) > _MOST_BYTES:
        raise OSError(errno.EMSGSIZE, "the text is too long")
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
