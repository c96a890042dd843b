"""A file that is read only if it belongs to the user or to root: another user could have put it there."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def start_of_owned_file(path: Path, most: int) -> bytes | None:
    """Return the first `most` bytes of a regular file of the user or root; None if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        is_own = stat.S_ISREG(status.st_mode) and status.st_uid in {0, os.geteuid()}
        return os.read(descriptor, most) if is_own else None
    finally:
        os.close(descriptor)
