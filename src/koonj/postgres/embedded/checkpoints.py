"""Whole clusters, kept to be copied: what a rehearsal would otherwise replay from the first migration on.

A checkpoint is a folder of the cache, ``checkpoint-<hash>``, with the cluster in ``data``, its size in
``bytes`` and what is known of it in ``note``. It gets its name when it is whole, and its time of change says
when it was last used. Who copies or makes one holds the file ``checkpoints.lock`` shared; who removes some
holds it alone.
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

from .account import Account, give
from .binaries import Binaries
from .locks import lock, open_lock_file
from .postmaster import was_shut_down
from .problem import EmbeddedError
from .template import cache_folder, copy_cluster, programs_key, whole

_FORMAT = "2"  # changed when the same key begins to mean another cluster
_PREFIX = "checkpoint-"
_MOST = 24
_UNUSED = 7 * 86400.0  # seconds
_LARGEST = 1 << 29  # bytes of all of them, which are memory in /dev/shm; and never over a quarter of the room
_PATIENCE = 10.0  # seconds; removing only renames while it has the lock


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Those that clusters of these programs can start from. Blocking."""

    binaries: Binaries
    account: Account | None
    cache: Path

    @classmethod
    def of(cls, binaries: Binaries, account: Account | None) -> Checkpoints:
        """In the user's cache. Raises EmbeddedError where there can be none."""
        return cls(binaries, account, cache_folder(account))

    def has(self, key: str) -> bool:
        """Whether there is one under this key, and whole."""
        return whole(self._path(key) / "data")

    def copy(self, key: str, data: Path) -> bytes:
        """Make `data`, in a folder of the account's, the cluster that was kept; its note.

        Raises EmbeddedError.
        """
        path = self._path(key)
        with self._shared():
            if not whole(path / "data"):
                raise EmbeddedError("The checkpoint is gone.", "Another koonj removed it: begin anew.")
            try:
                copy_cluster(path / "data", data, self.account)
                os.utime(path)
                return (path / "note").read_bytes()
            except (OSError, subprocess.SubprocessError) as error:
                shutil.rmtree(data, ignore_errors=True)
                raise EmbeddedError(f"The checkpoint {path} cannot be copied: {_words(error)}") from error

    def keep(self, key: str, data: Path, note: bytes = b"") -> bool:
        """Keep the cluster `data`, which was shut down, under `key`; False where there is no room for it.

        `note`: what is to be known of it, given back with each copy.

        A disk that is full, or that fails, is no room either: a checkpoint only saves time. Raises
        EmbeddedError where the cluster was not shut down.
        """
        if not was_shut_down(data):
            raise EmbeddedError(f"The server on {data} was not shut down.", "Try again.")
        path, size = self._path(key), _size(data)
        if size > self._room():
            return False
        new = path.with_name(f"{path.name}.new-{secrets.token_hex(4)}")
        try:
            with self._shared():
                if not whole(path / "data"):
                    self._fill(new, data, size)
                    (new / "note").write_bytes(note)
                    new.rename(path)
        except (OSError, subprocess.SubprocessError):
            return whole(path / "data")  # another koonj was faster
        finally:
            shutil.rmtree(new, ignore_errors=True)
        self.tidy()
        return True

    def tidy(self) -> None:
        """Remove what killed ones left half made, what nobody used for a week, and the oldest of too many.

        Where another koonj is copying one just now, this is left to the next one.
        """
        gate = open_lock_file(self.cache / "checkpoints.lock")
        try:
            going = self._going() if lock(gate) else []
        finally:
            os.close(gate)
        for path in going:
            shutil.rmtree(path, ignore_errors=True)

    def _going(self) -> list[Path]:
        """What is to go, out of the way already; behind the gate, where nobody makes or copies any."""
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
        """Bytes that all together may take."""
        disk = os.statvfs(self.cache)
        taken = sum(map(_noted_size, self._all()))
        return min(_LARGEST, (disk.f_bavail * disk.f_frsize + taken) // 4)

    def _fill(self, new: Path, data: Path, size: int) -> None:
        new.mkdir(mode=0o700 if self.account is None else 0o711)
        if self.account is not None:
            new.chmod(0o711)  # whatever the umask
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
                raise EmbeddedError("Another koonj is busy removing checkpoints.", "Try again.")
            yield
        finally:
            os.close(gate)


def _size(folder: Path) -> int:
    """Bytes on disk, as du counts them: relations are files of whole pages, many of them small."""
    return sum(
        Path(parent, name).lstat().st_blocks * 512
        for parent, _, files in os.walk(folder)
        for name in files
    )  # fmt: skip


def _noted_size(path: Path) -> int:
    try:
        return int((path / "bytes").read_text("ascii"))
    except (OSError, ValueError):
        return 0  # another koonj is removing it


def _words(error: OSError | subprocess.SubprocessError) -> str:
    said = error.stderr if isinstance(error, subprocess.CalledProcessError) else None
    return bytes(said).decode("utf-8", "replace").strip() if said else str(error)
