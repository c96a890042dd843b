"""Write a file next to the one that it becomes: after a crash there is the old text or the new one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def file_beside(
    path: Path, raw: bytes, mode: int = 0o666, prepare: Callable[[int], None] | None = None
) -> Iterator[Path]:
    """Yield a new file in the folder of `path`, which has these bytes and is flushed to disk.

    The caller renames it; if that fails, it is deleted. `prepare` is called with its descriptor before the
    flush.

    Raises: OSError.
    """
    beside = path.parent / f".{secrets.token_hex(6)}.koonj"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            if prepare is not None:
                prepare(file.fileno())
            os.fsync(file.fileno())
        yield beside
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
