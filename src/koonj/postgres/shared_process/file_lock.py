"""Lock files; the kernel releases these advisory locks when their holder ends."""

import os
import time
from pathlib import Path


def open_lock_file(path: Path) -> int:
    """Open `path` and return its descriptor; create it with mode 0600 if needed.

    Raises:
        OSError: it is a symbolic link, or it cannot be opened.
    """
    return os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def lock(descriptor: int, *, shared: bool = False, seconds: float | None = 0.0) -> bool:
    """Lock the open file; wait up to `seconds` (None: no limit).

    Return False if others still hold the lock.
    """
    import fcntl  # noqa: PLC0415  Windows has no fcntl, but must import this module for a clear error

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
