"""Store small files in koonj's part of the user's cache folder.

Only the user can read and write them. Everything in it can be deleted at any time. If the folder cannot be
used (a read-only home, another owner), nothing is stored; that is not an error.
"""

import os
import stat
import time
from contextlib import suppress
from pathlib import Path

from koonj.user_folders import CACHE, UserFolderError, koonj_folder, make_trusted

_MAX_UNUSED = 60 * 86400.0
"""Seconds after which a file that was not used is deleted."""
_MAX_BYTES = 256 * 1024 * 1024
"""Size of all files together; above it, the least recently used ones are deleted."""
_PRUNE_INTERVAL = 86400.0
"""Seconds between two searches for such files."""


class CacheFolder:
    """Files by name. The methods block and do not raise OSError."""

    def __init__(self, folder: Path | None) -> None:
        """`folder`: a folder that only the user may write to; None: store nothing."""
        self._folder = folder

    @classmethod
    def of_user(cls, name: str) -> "CacheFolder":
        """Return the user's folder `name`. Create it if needed, and delete what was not used for long."""
        try:
            folder = make_trusted(koonj_folder(CACHE, None) / name, 0o700)
        except UserFolderError:
            return cls(None)
        _prune(folder)
        return cls(folder)

    @classmethod
    def existing(cls, name: str) -> "CacheFolder | None":
        """Return the user's folder `name`; None if there is none with a file in it. Creates nothing."""
        with suppress(UserFolderError, OSError):
            folder = koonj_folder(CACHE, None) / name
            with os.scandir(folder) as files:
                return cls.of_user(name) if any(file.name.endswith(".json") for file in files) else None
        return None

    def read(self, name: str) -> bytes | None:
        """Return the content of a file and record that it was used; None if it cannot be used.

        A file of another user, or to which others can write, counts as none.
        """
        if self._folder is None:
            return None
        path = self._folder / name
        with suppress(OSError):
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(path, flags), "rb") as file:
                status = os.fstat(file.fileno())
                if (
                    not stat.S_ISREG(status.st_mode)
                    or status.st_uid != os.geteuid()
                    or status.st_mode & 0o022
                ):
                    return None
                content = file.read()
            with suppress(OSError):  # for example on a file system that is read-only now
                os.utime(path)
            return content
        return None

    def write(self, name: str, content: bytes) -> None:
        """Store a file in one step, so that no reader sees a part of it."""
        if self._folder is None:
            return
        new = self._folder / f"{name}.{os.urandom(4).hex()}.new"
        with suppress(OSError):  # for example a full disk
            try:
                with open(new, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                    file.write(content)
                new.replace(self._folder / name)
            finally:
                new.unlink(missing_ok=True)


def _prune(folder: Path) -> None:
    """Delete unused files, at most once per _PRUNE_INTERVAL."""
    mark = folder / "pruned"
    now = time.time()
    with suppress(OSError):
        if mark.exists() and now - mark.stat().st_mtime < _PRUNE_INTERVAL:
            return
        mark.touch()
        files = [(status.st_mtime, status.st_size, path) for path, status in _files(folder) if path != mark]
        total = 0
        for used, size, path in sorted(files, reverse=True):
            total += size
            if total > _MAX_BYTES or now - used > _MAX_UNUSED:
                path.unlink(missing_ok=True)


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    found = []
    for path in folder.iterdir():
        with suppress(FileNotFoundError):  # another process has replaced or deleted it
            found.append((path, path.lstat()))
    return found
