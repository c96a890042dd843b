"""Removing what killed owners left behind: scratch servers, and old copies in caches."""

import os
import shutil
import signal
import stat
import time
from collections.abc import Iterable
from pathlib import Path

from . import postmaster
from .account import Account
from .folder import OWNER, PREFIX
from .locks import lock
from .problem import EmbeddedError

_LOCK = ".lock"
_YOUNG = 60.0  # seconds that a folder may take to get its owner's lock
_UNUSED = 30 * 86400.0  # seconds after which a cached copy goes


def sweep(parents: Iterable[Path], account: Account | None) -> None:
    """Stop the servers and remove the folders, in `parents`, of scratch clusters whose owner is gone.

    Only folders of the user and of `account` are looked at. A folder that resists is left for the next time.
    """
    ours = {os.geteuid()} | ({account.uid} if account else set())
    for parent in dict.fromkeys(parents):
        for folder in parent.glob(f"{PREFIX}*"):
            try:
                status = folder.lstat()
                if stat.S_ISDIR(status.st_mode) and status.st_uid in ours:
                    _sweep_one(folder, status.st_mtime)
            except (OSError, EmbeddedError):
                continue  # gone meanwhile, or not to be had: this start does not depend on it


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
    """Remove the copies in `cache` that nobody has used for 30 days, or whose original is gone.

    `keep` is being used now. Beside a copy, ``<name>.lock`` holds the path of its original.
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
            continue  # another koonj was faster


def lock_of(copy: Path) -> Path:
    """The file beside a cached copy that is locked while the copy is made."""
    return copy.with_name(copy.name + _LOCK)


def _orphaned(copy: Path) -> bool:
    try:
        original = lock_of(copy).read_text("utf-8")
    except OSError:
        return False
    return original != "" and not Path(original).exists()
