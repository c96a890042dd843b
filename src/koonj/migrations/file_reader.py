"""Read one file, and take a stamp that shows later whether the file changed."""

import os
import stat

from koonj.sql.problem import Problem, Severity

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
"""O_NONBLOCK: opening a FIFO must not wait for a writer. O_NOFOLLOW: only `read_link` follows a link."""

_SETTLED_NS = 2_000_000_000
"""Age in nanoseconds that a change must have before koonj trusts the time stamp.

A file that changed later than this can change again without a new time stamp (the clock of ext4 ticks every
few ms, that of FAT every 2 s), so koonj reads it again next time.
"""

Stamp = tuple[int, int, int, int, int]
"""Result of stat when the file was read: last write and last change in ns, size, inode, device."""


class FileRefused(Exception):  # noqa: N818 - it carries a problem, and is no error of the program
    """Raised for a file that has the name of a migration but cannot be used as one."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_file(directory: int, name: str, before: Stamp | None, stamped: int) -> tuple[Stamp, bytes | None]:
    """Return the stamp and bytes of a regular file; None as bytes if nothing changed.

    `directory` is an open descriptor. `before` is the stamp of the last read, taken at `stamped` (ns since
    the epoch).

    Raises: FileRefused; FileNotFoundError if the file does not exist.
    """
    try:
        if before is not None and max(before[0], before[1]) < stamped - _SETTLED_NS:
            current = _stamp(os.stat(name, dir_fd=directory, follow_symlinks=False))
            if current == before:
                return before, None
        return _read(os.open(name, _FLAGS, dir_fd=directory))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FileRefused(_unreadable(error)) from error


def read_link(
    directory: int, folder: str, name: str, before: Stamp | None, stamped: int
) -> tuple[Stamp, bytes | None]:
    """Read a symbolic link as `read_file` does. It must point into the folder.

    Raises: FileRefused.
    """
    top = os.path.realpath(folder)
    end = os.path.realpath(f"{top}/{name}")
    if os.path.commonpath([top, end]) != top:
        raise FileRefused(_leaves(end))
    try:
        return read_file(directory, os.path.relpath(end, top), before, stamped)
    except FileNotFoundError as error:
        raise FileRefused(_unreadable(error)) from error


def _read(descriptor: int) -> tuple[Stamp, bytes]:
    """Read all bytes. The stamp is taken first, so that a later write makes it stale."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise FileRefused(_NOT_A_FILE)
        # One byte more than the size: if the file did not grow, one call reads it and detects its end.
        raw = os.read(descriptor, status.st_size + 1)
        if len(raw) != status.st_size:
            raw = _rest(descriptor, raw)
        return _stamp(status), raw
    finally:
        os.close(descriptor)


def _rest(descriptor: int, start: bytes) -> bytes:
    """Return `start` and all bytes that follow.

    They follow after a short read, or if the file grows.
    """
    parts = [start]
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


_NOT_A_FILE = Problem(
    "unreadable",
    Severity.ERROR,
    "The file was not read: it is not a regular file (but a device, a socket or a FIFO).",
    "Replace it with a regular file, or move it out of the folder.",
)


def _unreadable(error: OSError) -> Problem:
    return Problem(
        "unreadable",
        Severity.ERROR,
        f"The file cannot be read: {error.strerror or error}.",
        "Make it readable (chmod u+r), or fix the symbolic link.",
    )


def _leaves(end: str) -> Problem:
    return Problem(
        "leaves-folder",
        Severity.ERROR,
        f"The symbolic link points out of the migrations folder, to {end}. koonj does not follow it.",
        "Copy the file into the folder, so that the folder keeps the text that was applied.",
    )
