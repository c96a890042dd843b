"""The folders that koonj keeps things in: its part of the user's data folder and of the user's cache folder.

Root's server runs as an unprivileged account, which cannot enter a home of mode 0700. Where it cannot,
koonj uses a folder of the system's instead, and opens up nothing: /var/lib/koonj for data and
/var/cache/koonj for the cache, else /var/tmp/koonj-root-…. An XDG_DATA_HOME that the account cannot enter
gets a part of that folder for itself.
"""

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from .account import Account
from .problem import EmbeddedError


@dataclass(frozen=True, slots=True)
class UserFolderKind:
    """One of the user's folders, as the XDG base directory specification and macOS name it."""

    variable: str
    below_home: str
    on_macos: str
    of_system: str


DATA = UserFolderKind("XDG_DATA_HOME", ".local/share", "Library/Application Support", "/var/lib/koonj")
CACHE = UserFolderKind("XDG_CACHE_HOME", ".cache", "Library/Caches", "/var/cache/koonj")


def koonj_folder(
    kind: UserFolderKind, account: Account | None, environ: Mapping[str, str] = os.environ
) -> Path:
    """koonj's part of one of the user's folders, made if need be; `account` may enter it.

    Raises EmbeddedError when no such folder can be made, or when others may write to the one there is.
    """
    base, chosen = _users(kind, environ)
    wanted = base / "koonj"
    if account is None or account.enters(_existing(wanted)):
        return make_trusted(wanted, 0o700 if account is None else 0o755)
    part = f"for-{sha256(os.fsencode(wanted)).hexdigest()[:8]}" if chosen else ""
    name = f"koonj-root-{kind.variable.split('_')[1].lower()}"
    try:
        return make_trusted(Path(kind.of_system, part), 0o755)
    except EmbeddedError:
        own = make_trusted(Path("/var/tmp", name), 0o755)  # noqa: S108  its owner and mode are checked
        return make_trusted(own / part, 0o755)


def make_trusted(folder: Path, mode: int) -> Path:
    """`folder`, made if need be with `mode`.

    Raises EmbeddedError when it cannot be made, is not ours, or others may write to it.
    """
    try:
        _make(folder, mode)
        status = folder.lstat()
    except OSError as error:
        raise EmbeddedError(f"{folder} cannot be made: {error.strerror}.") from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise EmbeddedError(
            f"{folder} is not a folder that only the user who runs koonj may write to.",
            "Others could plant files in it. Look at who made it; then remove it, or give it mode 755.",
        )
    return folder


def _users(kind: UserFolderKind, environ: Mapping[str, str]) -> tuple[Path, bool]:
    """The user's folder, and whether a variable names it. The standard says to ignore a relative one."""
    named = Path(environ.get(kind.variable, ""))
    if named.is_absolute():
        return named, True
    below = kind.on_macos if sys.platform == "darwin" else kind.below_home
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111  pathlib's raises where there is no home
    return Path(home) / below, False


def _existing(folder: Path) -> Path:
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
        return  # another koonj was faster
    folder.chmod(mode)  # whatever the umask
