"""Choose the account of the server, because PostgreSQL refuses to run as root.

If root runs koonj, the server runs as an existing unprivileged account.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from koonj.postgres.embedded.errors import EmbeddedError

NAMES = ("nobody", "daemon")
"""Accounts, tried in this order.

Not `postgres`, which can own the data of a real server. initdb looks up the uid in passwd, so a number alone
is not enough.
"""


class PopenAccount(TypedDict, total=False):
    """The arguments of subprocess.Popen that change the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The account for the server's processes and data."""

    name: str
    uid: int
    gid: int

    def enters(self, folder: Path) -> bool:
        """Return whether this account can enter `folder`, by mode bits of all its parents."""
        folder = folder.resolve()
        try:
            return all(self._may(step, 0o1) for step in (folder, *folder.parents))
        except OSError:
            return False

    def reaches(self, path: Path) -> bool:
        """Return whether this account can reach and read `path`, by the mode bits."""
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
    """Return the account to change to; None if koonj does not run as root.

    Raises:
        EmbeddedError: root has no unprivileged account.
    """
    if os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415  Windows has no pwd, but must be able to import this module for a clear error

    for name in NAMES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EmbeddedError(
        f"PostgreSQL refuses to run as root, and none of the accounts {', '.join(NAMES)} exists.",
        "Run koonj as a user other than root.",
    )


def run_as(account: Account | None) -> PopenAccount:
    """Return arguments for subprocess.Popen that run a process as `account`.

    The process is in none of root's groups.
    """
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def give(path: Path, account: Account | None) -> None:
    """Make `account` the owner of one folder or file. Follows no symbolic link.

    The content of the folder keeps its owner.
    """
    if account is not None:
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
