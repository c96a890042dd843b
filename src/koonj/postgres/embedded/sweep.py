"""Remove what killed processes left: scratch servers, and old copies in caches."""

import os
import shutil
import signal
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from koonj.postgres.embedded import postmaster
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.os_account import Account
from koonj.postgres.embedded.run_folder import OWNER, PREFIX
from koonj.postgres.shared_process.file_lock import lock

_LOCK = ".lock"
_YOUNG = 60.0  # seconds within which a new folder gets its owner's lock
_UNUSED = 30 * 86400.0  # seconds after which a cached copy is removed


def sweep(parents: Iterable[Path], account: Account | None) -> None:
    """Stop and remove scratch clusters in `parents` whose owner has ended.

    Only folders of the user and of `account` are checked. A folder that cannot be removed is left for the
    next call.
    """
    ours = {os.geteuid()} | ({account.uid} if account else set())
    for parent in dict.fromkeys(parents):
        for folder in parent.glob(f"{PREFIX}*"):
            try:
                status = folder.lstat()
                if stat.S_ISDIR(status.st_mode) and status.st_uid in ours:
                    _sweep_one(folder, status.st_mtime)
            except (OSError, EmbeddedError):
                continue  # deleted in the meantime, or not removable: this start does not need it


def _sweep_one(folder: Path, changed: float) -> None:
    try:
        owner = os.open(folder / OWNER, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        if time.time() - changed > _YOUNG:
            shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        if lock(owner):
            postmaster.stop(folder / "data", signal.SIGQUIT, 5.0)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(owner)


def prune(cache: Path, prefix: str, keep: Path) -> None:
    """Remove copies in `cache` that are unused for 30 days or have no original.

    `keep` is in use now. Next to a copy, ``<name>.lock`` contains the path of its original.
    """
    now = time.time()
    os.utime(keep, (now, now))
    for copy in cache.glob(f"{prefix}-*"):
        try:
            if copy == keep or copy.suffix == _LOCK:
                continue
            if now - copy.lstat().st_mtime > _UNUSED or _orphaned(copy):
                shutil.rmtree(copy, ignore_errors=True)
                lock_of(copy).unlink(missing_ok=True)
        except FileNotFoundError:
            continue  # another koonj process was faster


def lock_of(copy: Path) -> Path:
    """Return the file next to a cached copy that is locked while the copy is made."""
    return copy.with_name(copy.name + _LOCK)


def _orphaned(copy: Path) -> bool:
    try:
        original = lock_of(copy).read_text("utf-8")
    except OSError:
        return False
    return original != "" and not Path(original).exists()
