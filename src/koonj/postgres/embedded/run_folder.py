"""Create the folders of running scratch servers.

They are private, have short names, and their owner locks them as long as it lives.
"""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from koonj.postgres.embedded.os_account import Account, give
from koonj.postgres.shared_process.file_lock import lock, open_lock_file

PREFIX = "koonj-scratch-"
OWNER = "owner"
"""The file in the folder that its owner locks.

If it is not locked, the owner has ended.
"""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A private folder, mode 0700, of the account that runs the server."""

    path: Path
    descriptor: int
    """Descriptor of the locked file. Programs do not inherit it."""

    @classmethod
    def make(cls, parent: Path, account: Account | None) -> "RunFolder":
        """Create and lock a new folder in `parent`."""
        path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
        # Lock the file before it has its name, so that no sweep finds it unlocked.
        unnamed = path / "owner.new"
        descriptor = open_lock_file(unnamed)
        lock(descriptor)
        unnamed.rename(path / OWNER)
        give(path, account)
        return cls(path, descriptor)

    def remove(self) -> None:
        """Delete the folder, then release the lock."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.descriptor)


def scratch_parent() -> Path:
    """Return shared memory if it is a tmpfs with space, else a temporary folder.

    The path of a socket is limited to 107 bytes on Linux and 103 on macOS, so a long $TMPDIR is skipped in
    favour of /tmp.
    """
    if shared_memory_has_room():
        return SHARED_MEMORY
    temporary = tempfile.gettempdir()
    fits = len(os.fsencode(temporary)) <= 60 and "," not in temporary  # libpq reads a comma as two hosts
    return Path(temporary) if fits else TEMPORARY


def scratch_parents() -> tuple[Path, ...]:
    """Return all folders that can contain scratch clusters."""
    return (SHARED_MEMORY, Path(tempfile.gettempdir()), TEMPORARY)


TEMPORARY = Path("/tmp")  # noqa: S108  mkdtemp makes it private


SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  mkdtemp makes it private
_ROOM = (
    256 * 1024 * 1024
)  # bytes; a container's /dev/shm has 64 MB by default, a cluster takes 30 MB and grows


def shared_memory_has_room() -> bool:
    """Return whether /dev/shm is a tmpfs with enough space for a growing cluster."""
    try:
        mounts = Path("/proc/mounts").read_text("utf-8", "replace")
        free = os.statvfs(SHARED_MEMORY)
    except OSError:
        return False
    is_tmpfs = any(line.split()[1:3] == [str(SHARED_MEMORY), "tmpfs"] for line in mounts.splitlines())
    return is_tmpfs and free.f_bavail * free.f_frsize >= _ROOM and os.access(SHARED_MEMORY, os.W_OK | os.X_OK)
