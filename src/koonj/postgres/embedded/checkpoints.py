"""Keep copies of whole clusters, so that a rehearsal can skip earlier migrations.

A checkpoint is a folder of the cache, ``checkpoint-<hash>``, with the cluster in ``data``, its size in
``bytes`` and a ``note`` of the caller. It gets its name when it is complete, and its modification time is the
time of its last use. A process that copies or creates a checkpoint holds the file ``checkpoints.lock``
shared; a process that removes checkpoints holds it exclusively.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.os_account import Account, give
from koonj.postgres.embedded.postmaster import was_shut_down
from koonj.postgres.embedded.template import cache_folder, copy_cluster, is_complete, programs_key
from koonj.postgres.shared_process.file_lock import lock, open_lock_file

_FORMAT = "2"  # must change when the same key means a different cluster
_PREFIX = "checkpoint-"
_MOST = 24
_UNUSED = 7 * 86400.0  # seconds
_LARGEST = 1 << 29  # bytes of all checkpoints, which use memory in /dev/shm; at most a quarter of the space
_PATIENCE = 10.0  # seconds; a removal holds the lock only to rename


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The checkpoints that clusters of these binaries can start from.

    All methods block.
    """

    binaries: Binaries
    account: Account | None
    cache: Path

    @classmethod
    def of(cls, binaries: Binaries, account: Account | None) -> Checkpoints:
        """Return the checkpoints in the user's cache.

        Raises:
            EmbeddedError: there is no usable cache folder.
        """
        return cls(binaries, account, cache_folder(account))

    def has(self, key: str) -> bool:
        """Return whether a complete checkpoint exists for this key."""
        return is_complete(self._path(key) / "data")

    def copy(self, key: str, data: Path) -> bytes:
        """Copy the checkpoint to `data`, in a folder of the account, and return its note.

        Raises:
            EmbeddedError: the checkpoint is missing or cannot be copied.
        """
        path = self._path(key)
        with self._shared():
            if not is_complete(path / "data"):
                raise EmbeddedError(
                    "The checkpoint was deleted by another koonj process.", "Run the command again."
                )
            try:
                copy_cluster(path / "data", data, self.account)
                os.utime(path)
                return (path / "note").read_bytes()
            except (OSError, subprocess.SubprocessError) as error:
                shutil.rmtree(data, ignore_errors=True)
                raise EmbeddedError(f"The checkpoint {path} cannot be copied: {_words(error)}") from error

    def keep(self, key: str, data: Path, note: bytes = b"") -> bool:
        """Keep the cluster `data`, which was shut down, under `key`.

        Return False if there is no space for it. A full or failing disk counts as no space, because a
        checkpoint only saves time. `note` is returned with each copy.

        Raises:
            EmbeddedError: the cluster was not shut down.
        """
        if not was_shut_down(data):
            raise EmbeddedError(f"The server on {data} was not shut down.", "Run the command again.")
        path, size = self._path(key), _size(data)
        if size > self._room():
            return False
        new = path.with_name(f"{path.name}.new-{secrets.token_hex(4)}")
        try:
            with self._shared():
                if not is_complete(path / "data"):
                    self._fill(new, data, size)
                    (new / "note").write_bytes(note)
                    new.rename(path)
        except (OSError, subprocess.SubprocessError):
            return is_complete(path / "data")  # another koonj process was faster
        finally:
            shutil.rmtree(new, ignore_errors=True)
        self.tidy()
        return True

    def tidy(self) -> None:
        """Remove checkpoints that are incomplete, old or too many.

        Old means unused for a week. If another koonj process is copying a checkpoint, this is left to the
        next call.
        """
        gate = open_lock_file(self.cache / "checkpoints.lock")
        try:
            going = self._going() if lock(gate) else []
        finally:
            os.close(gate)
        for path in going:
            shutil.rmtree(path, ignore_errors=True)

    def _going(self) -> list[Path]:
        """Return the folders to delete, already renamed; call it only with the lock held.

        Then no process creates or copies a checkpoint.
        """
        gone = list(self.cache.glob(f"{_PREFIX}*.*"))
        for path in self._surplus():
            aside = path.with_name(f"{path.name}.gone-{secrets.token_hex(4)}")
            path.rename(aside)
            gone.append(aside)
        return gone

    def _surplus(self) -> Iterator[Path]:
        room, now, sum_of = self._room(), time.time(), 0
        newest = sorted(self._all(), key=lambda path: path.stat().st_mtime, reverse=True)
        for number, path in enumerate(newest):
            sum_of += _noted_size(path)
            if number >= _MOST or sum_of > room or now - path.stat().st_mtime > _UNUSED:
                yield path

    def _all(self) -> list[Path]:
        return [path for path in self.cache.glob(f"{_PREFIX}*") if not path.suffix]

    def _room(self) -> int:
        """Return the bytes that all checkpoints together can use."""
        disk = os.statvfs(self.cache)
        taken = sum(map(_noted_size, self._all()))
        return min(_LARGEST, (disk.f_bavail * disk.f_frsize + taken) // 4)

    def _fill(self, new: Path, data: Path, size: int) -> None:
        new.mkdir(mode=0o700 if self.account is None else 0o711)
        if self.account is not None:
            new.chmod(0o711)  # independent of the umask
        copy = new / "data"
        copy.mkdir(mode=0o700)
        give(copy, self.account)
        copy_cluster(data, copy, self.account)
        (new / "bytes").write_text(str(size), "ascii")

    def _path(self, key: str) -> Path:
        parts = "\0".join((_FORMAT, programs_key(self.binaries), key))
        return self.cache / f"{_PREFIX}{sha256(parts.encode()).hexdigest()[:32]}"

    @contextmanager
    def _shared(self) -> Iterator[None]:
        gate = open_lock_file(self.cache / "checkpoints.lock")
        try:
            if not lock(gate, shared=True, seconds=_PATIENCE):
                raise EmbeddedError(
                    "Another koonj process is removing checkpoints.", "Run the command again."
                )
            yield
        finally:
            os.close(gate)


def _size(folder: Path) -> int:
    """Return the bytes on disk, as du counts them.

    Relations are files of whole pages, many of them small.
    """
    return sum(
        Path(parent, name).lstat().st_blocks * 512
        for parent, _, files in os.walk(folder)
        for name in files
    )  # fmt: skip


def _noted_size(path: Path) -> int:
    try:
        return int((path / "bytes").read_text("ascii"))
    except (OSError, ValueError):
        return 0  # another koonj process is removing it


def _words(error: OSError | subprocess.SubprocessError) -> str:
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else None
    return bytes(said).decode("utf-8", "replace").strip() if said else str(error)
