"""Find koonj's folders inside the user's data folder and cache folder.

If root runs koonj, the server runs as an unprivileged account, which cannot enter a home of mode 0700. Then
koonj uses a system folder instead, and does not change any mode: /var/lib/koonj for data and /var/cache/koonj
for the cache, else /var/tmp/koonj-root-…. An XDG_DATA_HOME that the account cannot enter gets a separate part
of that folder.
"""

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Protocol


class UserFolderError(Exception):
    """Raised if a folder of the user cannot be used."""

    def __init__(self, message: str, hint: str = "") -> None:
        """`message` says what happened; `hint` says what to do about it."""
        super().__init__(f"{message}\n{hint}" if hint else message)
        self.message = message
        self.hint = hint


class OtherAccount(Protocol):
    """Another account that must reach the folder, such as that of root's server."""

    def enters(self, folder: Path) -> bool:
        """Whether this account may enter `folder`."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A folder of the user, as the XDG Base Directory Specification and macOS name it."""

    variable: str
    below_home: str
    on_macos: str
    of_system: str


DATA = Kind("XDG_DATA_HOME", ".local/share", "Library/Application Support", "/var/lib/koonj")
STATE = Kind("XDG_STATE_HOME", ".local/state", "Library/Application Support", "/var/lib/koonj")
CACHE = Kind("XDG_CACHE_HOME", ".cache", "Library/Caches", "/var/cache/koonj")


def koonj_folder(kind: Kind, account: OtherAccount | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return koonj's part of one of the user's folders; create it if needed.

    `account` can enter it.

    Raises:
        UserFolderError: it cannot be created, or other users can write to it.
    """
    first, *others = folder_paths(kind, account, environ)
    try:
        return make_trusted(first, 0o700 if account is None else 0o755)
    except UserFolderError:
        if not others:
            raise
        make_trusted(_of_root(kind), 0o755)
        return make_trusted(others[0], 0o755)


def folder_path(kind: Kind, environ: Mapping[str, str] = os.environ) -> Path:
    """Return koonj's part of one of the user's folders, without creating it."""
    return _users(kind, environ)[0] / "koonj"


def folder_paths(
    kind: Kind, account: OtherAccount | None, environ: Mapping[str, str] = os.environ
) -> tuple[Path, ...]:
    """Return the one or two places of that folder, which `account` can enter, without creating one.

    koonj uses the second if it cannot use the first.
    """
    chosen, wanted = _users(kind, environ)[1], folder_path(kind, environ)
    if account is None or account.enters(existing_part(wanted)):
        return (wanted,)
    part = f"for-{sha256(os.fsencode(wanted)).hexdigest()[:8]}" if chosen else ""
    return Path(kind.of_system, part), _of_root(kind) / part


def make_trusted(folder: Path, mode: int) -> Path:
    """Return `folder`; create it with `mode` if needed.

    Raises:
        UserFolderError: it cannot be created, has another owner, or other users can write to it.
    """
    try:
        _make(folder, mode)
        status = folder.lstat()
    except OSError as error:
        raise UserFolderError(f"Cannot create {folder}: {error.strerror}.") from error
    if not is_of_user_only(status):
        raise UserFolderError(
            f"{folder} must be a folder to which only the user of koonj can write.",
            "Other users could put files into it. Check its owner; then delete it or set its mode to 755.",
        )
    return folder


def is_of_user_only(status: os.stat_result) -> bool:
    """Return whether it is a folder that belongs to this user, and to which no other user can write."""
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _of_root(kind: Kind) -> Path:
    return Path("/var/tmp", f"koonj-root-{kind.variable.split('_')[1].lower()}")  # noqa: S108  koonj checks its owner


def _users(kind: Kind, environ: Mapping[str, str]) -> tuple[Path, bool]:
    """Return the user's folder, and whether a variable names it.

    The XDG specification says that a relative path must be ignored.
    """
    named = Path(environ.get(kind.variable, ""))
    if named.is_absolute():
        return named, True
    below = kind.on_macos if sys.platform == "darwin" else kind.below_home
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111  pathlib raises without a home
    return Path(home) / below, False


def existing_part(folder: Path) -> Path:
    """Return the folder, or the nearest folder above it that exists."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    return folder


def _make(folder: Path, mode: int) -> None:
    if folder.is_dir() or folder.is_symlink():
        return
    if not folder.parent.exists():
        _make(folder.parent, mode)
    try:
        folder.mkdir()
    except FileExistsError:
        return  # another koonj process was faster
    folder.chmod(mode)  # independent of the umask
