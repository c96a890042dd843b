"""Folders of running scratch servers: short names, private, and locked by their owner as long as it lives."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .account import Account, give
from .locks import lock, open_lock_file

PREFIX = "koonj-scratch-"
OWNER = "owner"
"""The file in it that its owner has locked; a free lock means that the owner is gone."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """One private folder, 0700, of the account that runs the server."""

    path: Path
    descriptor: int
    """Of the file that is locked. It is not inherited by programs."""

    @classmethod
    def make(cls, parent: Path, account: Account | None) -> "RunFolder":
        """A new folder in `parent`, locked."""
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        # Locked before it has its name, so that no sweep ever sees it free.
        young = path / "owner.new"
        descriptor = open_lock_file(young)
        lock(descriptor)
        young.rename(path / OWNER)
        give(path, account)
        return cls(path, descriptor)

    def remove(self) -> None:
        """Delete all of it, then let go of the lock."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.descriptor)


def scratch_parent() -> Path:
    """Shared memory where it is a tmpfs with room, else the folder for temporary files, else /tmp.

    A socket's path is limited to 107 bytes on Linux and 103 on macOS, so a long $TMPDIR is passed over.
    """
    if shared_memory_has_room():
        return SHARED_MEMORY
    temporary = tempfile.gettempdir()
    fits = len(os.fsencode(temporary)) <= 60 and "," not in temporary  # libpq takes a comma for two hosts
    return Path(temporary) if fits else TEMPORARY


def scratch_parents() -> tuple[Path, ...]:
    """All folders that scratch clusters may have been put in."""
    return (SHARED_MEMORY, Path(tempfile.gettempdir()), TEMPORARY)


TEMPORARY = Path("/tmp")  # noqa: S108  mkdtemp makes it private


SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  mkdtemp makes it private
_ROOM = 256 * 1024 * 1024  # bytes; a container's default /dev/shm is 64 MB, a cluster takes 30 and grows


def shared_memory_has_room() -> bool:
    """Whether /dev/shm is a tmpfs that a cluster fits in with room to grow."""
    try:
        mounts = Path("/proc/mounts").read_text("utf-8", "replace")
        free = os.statvfs(SHARED_MEMORY)
    except OSError:
        return False
    is_tmpfs = any(line.split()[1:3] == [str(SHARED_MEMORY), "tmpfs"] for line in mounts.splitlines())
    return is_tmpfs and free.f_bavail * free.f_frsize >= _ROOM and os.access(SHARED_MEMORY, os.W_OK | os.X_OK)
