"""Who runs the server: PostgreSQL refuses root, so root's runs as an unprivileged account that exists."""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from .problem import EmbeddedError

NAMES = ("nobody", "daemon")
"""Accounts tried in this order. Never `postgres`: that one may own a real server's data.

initdb looks its uid up in passwd, so a number alone is not enough.
"""


class PopenAccount(TypedDict, total=False):
    """The part of subprocess.Popen's arguments that changes the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account for the server's processes and its data."""

    name: str
    uid: int
    gid: int

    def enters(self, folder: Path) -> bool:
        """Whether this account may enter `folder`, as the mode bits of it and of all above it say."""
        folder = folder.resolve()
        try:
            return all(self._may(step, 0o1) for step in (folder, *folder.parents))
        except OSError:
            return False

    def reaches(self, path: Path) -> bool:
        """Whether this account may get to `path` and read it, as the mode bits say."""
        path = path.resolve()
        try:
            return self.enters(path if path.is_dir() else path.parent) and self._may(path, 0o4)
        except OSError:
            return False

    def _may(self, path: Path, bit: int) -> bool:
        status = path.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return bool(stat.S_IMODE(status.st_mode) >> shift & bit)


def server_account() -> Account | None:
    """The account to change to: None when koonj is not root and the server simply runs as its user.

    Raises EmbeddedError when root has no unprivileged account to give.
    """
    if os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415  Windows has none, and must be able to import this package to be told no

    for name in NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root, and none of the accounts {', '.join(NAMES)} exists.",
        "Run koonj as an ordinary user.",
    )


def run_as(account: Account | None) -> PopenAccount:
    """Arguments for subprocess.Popen that start a process as `account` and in none of root's groups."""
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def give(path: Path, account: Account | None) -> None:
    """Make `account` the owner of one folder or file (not of what is in it), following no symbolic link."""
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
