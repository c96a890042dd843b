"""Writing an existing migration: only over the bytes that were read, and whole or not at all.

The file is replaced by a new one that was written beside it and flushed: a crash leaves the old text or the
new one. Mode, owner and extended attributes are kept. A symbolic link stays one, and what it leads to, which
must be in the folder, is replaced. Where a new file would not be the same file (it has hard links, its owner
or its attributes cannot be given away, the folder takes no new files) the text is written into the file
itself; if that fails, the old text is put back.

Between the last look at the file and its replacement another program has some microseconds in which its own
writing is not seen; no file system offers a way to replace only what one has read.
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from koonj.migrations.reading import FileRefused, Stamp, read_file, read_link


@dataclass(frozen=True, slots=True)
class FileOnDisk:
    """A file as it was read."""

    raw: bytes
    stamp: Stamp
    read_at: int
    """In ns since the epoch."""


class NotSaved(Exception):  # noqa: N818 - a state of things that the person decides about
    """The file on disk is not what was read, so that it was left alone. The message says how it differs."""


class FileChanged(NotSaved):
    """Another program has written it."""


class FileGone(NotSaved):
    """It is not there any more."""


def read(folder: Path, name: str, before: FileOnDisk | None = None) -> FileOnDisk:
    """A migration's bytes; the very value `before` where they did not change.

    Raises FileGone, OSError where the folder cannot be read, and FileRefused (see `reading`).
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
        raise FileGone(f"{name} is gone: it was deleted or renamed.") from error
    finally:
        os.close(directory)
    if before is not None and (raw is None or raw == before.raw):
        return before
    return FileOnDisk(raw or b"", found, read_at)


def save(folder: Path, name: str, raw: bytes, before: bytes | None) -> None:
    """Write `raw` if the file still holds `before`; None: whatever it holds, or if it is gone.

    Raises NotSaved, OSError where it cannot be written, FileRefused where it is no file of the folder.
    """
    try:
        current = read(folder, name).raw
    except FileGone:
        if before is not None:
            raise
        _replace(folder / name, raw, None)
        return
    if before is not None and current != before:
        raise FileChanged(f"{name} was written by another program since it was read.")
    if current != raw:
        path = Path(os.path.realpath(folder / name))
        if not os.access(path, os.W_OK):
            raise PermissionError(13, "it is read-only", str(path))
        if not _replaced(path, raw, current):
            _overwrite(path, raw, current)


def _replaced(path: Path, raw: bytes, current: bytes) -> bool:
    """Replace the file, where the new one is the same in all but its text. Raises OSError: no space, …"""
    status = path.stat()
    if status.st_nlink > 1:
        return False
    try:
        _replace(path, raw, status, current)
    except PermissionError:
        return False
    return True


def _replace(path: Path, raw: bytes, like: os.stat_result | None, current: bytes | None = None) -> None:
    beside = path.parent / f".{secrets.token_hex(6)}.koonj"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            if like is not None:
                _resemble(file.fileno(), path, like)
            os.fsync(file.fileno())
        if current is not None and path.read_bytes() != current:
            raise FileChanged(f"{path.name} was written by another program just now.")
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _flush(path.parent)


def _resemble(descriptor: int, path: Path, like: os.stat_result) -> None:
    """Owner, mode and extended attributes. Raises PermissionError where they cannot be given."""
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
    """Write into the file itself. Raises OSError after putting back what it held."""
    with path.open("r+b") as file:
        try:
            _fill(file.fileno(), raw)
        except BaseException:
            with suppress(OSError):
                _fill(file.fileno(), current)
            raise


def _fill(descriptor: int, raw: bytes) -> None:
    """The file's text; it is cut last, so that a disk that is full is seen before anything is lost."""
    at = 0
    while at < len(raw):
        at += os.pwrite(descriptor, raw[at:], at)
    os.ftruncate(descriptor, len(raw))
    os.fsync(descriptor)


def _flush(folder: Path) -> None:
    """Make the new name last, where the file system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


__all__ = ["FileChanged", "FileGone", "FileOnDisk", "FileRefused", "NotSaved", "read", "save"]
