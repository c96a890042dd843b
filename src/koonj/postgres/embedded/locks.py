"""Advisory file locks that the kernel drops when their holder dies."""

import os
import time
from pathlib import Path


def open_lock_file(path: Path) -> int:
    """A file descriptor of `path`, made 0600 if need be; a symbolic link is refused (OSError)."""
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def lock(descriptor: int, *, shared: bool = False, seconds: float | None = 0.0) -> bool:
    """Lock the open file; waits up to `seconds` (None: for ever). False when others hold it still."""
    import fcntl  # noqa: PLC0415  Windows has none, and must be able to import this package to be told no

    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if end is not None and time.monotonic() >= end:
                return False
            time.sleep(0.005)
        else:
            return True
