"""Save a changed migration, but only over the bytes that were read.

koonj writes a new file next to the old one, flushes it and renames it. After a crash there is either the old
text or the new one. Mode, owner and extended attributes are kept. A symbolic link is kept; koonj replaces the
file that it points to, which must be in the folder. In some cases a new file would differ from the old one:
the file has hard links, its owner or its attributes cannot be set, or the folder does not accept new files.
Then koonj writes the text into the file itself; if that fails, it restores the old text.

Between the last check of the file and its replacement there are some microseconds in which koonj does not
notice a write of another program. No file system can replace a file only if it has a given content.
"""

from __future__ import annotations

import os
import stat
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from koonj.migrations.file_beside import file_beside
from koonj.migrations.file_reader import FileRefused, Stamp, read_file, read_link


@dataclass(frozen=True, slots=True)
class FileOnDisk:
    """Content of a file when it was read."""

    raw: bytes
    stamp: Stamp
    read_at: int
    """Time in ns since the epoch."""


class NotSaved(Exception):  # noqa: N818 - not an error of the program: the user decides what to do
    """Raised when the file changed on disk since it was read. The file is not written."""


class FileChanged(NotSaved):
    """Raised when another program wrote the file."""


class FileGone(NotSaved):
    """Raised when the file was deleted or renamed."""


def read(folder: Path, name: str, before: FileOnDisk | None = None) -> FileOnDisk:
    """Return a migration's bytes; the object `before` itself if they did not change.

    Raises: FileGone; OSError if the folder cannot be read; FileRefused (see `reading`).
    """
    read_at = time.time_ns()
    stamp, stamped = (before.stamp, before.read_at) if before else (None, 0)
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if (folder / name).is_symlink():
            found, raw = read_link(directory, str(folder), name, stamp, stamped)
        else:
            found, raw = read_file(directory, name, stamp, stamped)
    except FileNotFoundError as error:
        raise FileGone(f"{name} is missing: it was deleted or renamed.") from error
    finally:
        os.close(directory)
    if before is not None and (raw is None or raw == before.raw):
        return before
    return FileOnDisk(raw or b"", found, read_at)


def save(folder: Path, name: str, raw: bytes, before: bytes | None) -> None:
    """Write `raw` if the file still holds `before`.

    If `before` is None, write it whatever the file holds, and also if the file is missing.

    Raises: NotSaved; OSError if the file cannot be written; FileRefused if it is not a file of the folder.
    """
    try:
        current = read(folder, name).raw
    except FileGone:
        if before is not None:
            raise
        _replace(folder / name, raw, None)
        return
    if before is not None and current != before:
        raise FileChanged(f"{name} was changed by another program since koonj read it.")
    if current != raw:
        path = Path(os.path.realpath(folder / name))
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "it is read-only", str(path))
        if not _replaced(path, raw, current):
            _overwrite(path, raw, current)


def _replaced(path: Path, raw: bytes, current: bytes) -> bool:
    """Replace the file; return False if a new file would not keep its properties.

    Raises: OSError, for example if the disk is full.
    """
    status = path.stat()
    if status.st_nlink > 1:
        return False
    try:
        _replace(path, raw, status, current)
    except PermissionError:
        return False
    return True


def _replace(path: Path, raw: bytes, like: os.stat_result | None, current: bytes | None = None) -> None:
    def prepare(descriptor: int) -> None:
        if like is not None:
            _resemble(descriptor, path, like)

    with file_beside(path, raw, prepare=prepare) as beside:
        if current is not None and path.read_bytes() != current:
            raise FileChanged(f"{path.name} was changed by another program just now.")
        beside.replace(path)
    _flush(path.parent)


def _resemble(descriptor: int, path: Path, like: os.stat_result) -> None:
    """Copy owner, mode and extended attributes.

    Raises: PermissionError if they cannot be set.
    """
    made = os.fstat(descriptor)
    if (made.st_uid, made.st_gid) != (like.st_uid, like.st_gid):
        os.fchown(descriptor, like.st_uid, like.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(like.st_mode))
    if sys.platform == "linux":
        has = set(os.listxattr(descriptor))
        for name in os.listxattr(path):
            value = os.getxattr(path, name)
            if name not in has or os.getxattr(descriptor, name) != value:
                os.setxattr(descriptor, name, value)


def _overwrite(path: Path, raw: bytes, current: bytes) -> None:
    """Write into the file itself.

    Raises: OSError, after restoring the old content.
    """
    with path.open("r+b") as file:
        try:
            _fill(file.fileno(), raw)
        except BaseException:
            with suppress(OSError):
                _fill(file.fileno(), current)
            raise


def _fill(descriptor: int, raw: bytes) -> None:
    """Write the text, then cut the file to its length.

    In this order a full disk is noticed before anything is lost.
    """
    at = 0
    while at < len(raw):
        at += os.pwrite(descriptor, raw[at:], at)
    os.ftruncate(descriptor, len(raw))
    os.fsync(descriptor)


def _flush(folder: Path) -> None:
    """Flush the folder, so that the new name survives a crash.

    Some file systems do not support this; then nothing happens.
    """
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


__all__ = ["FileChanged", "FileGone", "FileOnDisk", "FileRefused", "NotSaved", "read", "save"]
