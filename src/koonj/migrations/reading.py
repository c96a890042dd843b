"""One file's bytes, and a stamp by which to see that they did not change."""

import os
import stat

from koonj.sql.problem import Problem, Severity

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
"""O_NONBLOCK: opening a FIFO must not wait for a writer. O_NOFOLLOW: only `read_link` follows a link."""

_SETTLED_NS = 2_000_000_000
"""A file that changed less than this before it was read may change again without a new time stamp (the clock
of ext4 ticks every few ms, that of FAT every 2 s), so it is read again the next time."""

Stamp = tuple[int, int, int, int, int]
"""What stat said of a file when it was read: last write and last change in ns, size, inode, device."""


class FileRefused(Exception):  # noqa: N818 - it carries a problem, and is no error of the program
    """A file that is named like a migration and cannot be taken as one."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


def read_file(directory: int, name: str, before: Stamp | None, stamped: int) -> tuple[Stamp, bytes | None]:
    """A regular file's bytes, or None for them if the stamp `before` still tells that they are the same.

    `directory` is an open descriptor; `stamped` is when `before` was taken, in ns since the epoch.
    Raises FileRefused, and FileNotFoundError where the file is gone.
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
    """As `read_file`, of a symbolic link, which must lead to a file inside the folder. Raises FileRefused."""
    top = os.path.realpath(folder)
    end = os.path.realpath(f"{top}/{name}")
    if os.path.commonpath([top, end]) != top:
        raise FileRefused(_leaves(end))
    try:
        return read_file(directory, os.path.relpath(end, top), before, stamped)
    except FileNotFoundError as error:
        raise FileRefused(_unreadable(error)) from error


def _read(descriptor: int) -> tuple[Stamp, bytes]:
    """All bytes. The stamp is taken first, so that a write in between makes it stale."""
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise FileRefused(_NOT_A_FILE)
        # One byte more than the size: a file that did not grow is read, and seen to end, in one call.
        raw = os.read(descriptor, status.st_size + 1)
        if len(raw) != status.st_size:
            raw = _rest(descriptor, raw)
        return _stamp(status), raw
    finally:
        os.close(descriptor)


def _rest(descriptor: int, start: bytes) -> bytes:
    """What a short read, or a file that grows, still has."""
    parts = [start]
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino, status.st_dev


_NOT_A_FILE = Problem(
    "unreadable",
    Severity.ERROR,
    "It is not a regular file (a device, a socket or a FIFO), so it was not read.",
    "Put a file in its place, or move it out of the folder.",
)


def _unreadable(error: OSError) -> Problem:
    return Problem(
        "unreadable",
        Severity.ERROR,
        f"The file cannot be read: {error.strerror or error}.",
        "Give yourself the right to read it (chmod u+r), or mend the link.",
    )


def _leaves(end: str) -> Problem:
    return Problem(
        "leaves-folder",
        Severity.ERROR,
        f"The symbolic link leaves the migrations folder, to {end}, and is refused.",
        "Copy the file into the folder: what ran must be what is kept here.",
    )
