"""Unpack the libraries of a self-contained release file, which Python can load only from a folder.

They go into the user's cache folder, else into $TMPDIR, /var/tmp or /tmp: once for each release file and each
version of Python. Only the user can read or write the folder.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from koonj.release_contents import DIGEST, FILE_NAME, LIBRARIES
from koonj.user_folders import CACHE, UserFolderError, folder_path, make_trusted

IN_ARCHIVE = "libraries"
_KEPT_SECONDS = 90 * 24 * 3600
"""How long the libraries of other release files are kept. If needed, they are unpacked again."""
_PYTHON = f"cpython-{sys.version_info.major}{sys.version_info.minor}-"


class DamagedError(Exception):
    """Raised if the release file does not contain what it must."""


def unpacked(archive: str) -> str:
    """Return the folder with the libraries for this Python; unpack them if needed. Exit if that fails."""
    refused = []
    for parent in _parents():
        try:
            return str(_folder_below(parent, archive))
        except UserFolderError as error:
            refused.append(error.message)
        except OSError as error:
            refused.append(f"{parent}: {error.strerror}.")
        except DamagedError as error:
            sys.exit(
                f"koonj: error: {archive} is damaged: {error}\n    Copy it again, and compare SHA256SUMS."
            )
    sys.exit(
        f"koonj: error: {FILE_NAME} has no folder for the libraries that it unpacks (about 10 MB).\n"
        + "".join(f"    {reason}\n" for reason in refused)
        + "    Set TMPDIR to a folder in which you can write and run programs."
    )


def _parents() -> Iterator[Path]:
    yield folder_path(CACHE)
    for folder in (os.environ.get("TMPDIR", ""), "/var/tmp", "/tmp"):  # noqa: S108 - owner and mode are checked
        if Path(folder).is_absolute():
            yield Path(folder, f"koonj-{os.geteuid()}")


def _folder_below(parent: Path, archive: str) -> Path:
    """Return the folder of the libraries below `parent`.

    Raises: OSError, UserFolderError, DamagedError.
    """
    folder = parent / "libraries" / f"{DIGEST[:16]}-{_PYTHON.strip('-')}"
    if not _is_whole(folder):
        make_trusted(parent, 0o700)
        make_trusted(folder.parent, 0o700)
        if os.statvfs(folder.parent).f_flag & getattr(os, "ST_NOEXEC", 0):
            raise UserFolderError(f"{parent} is on a file system that is mounted noexec.")
        _unpack(archive, folder)
    return folder


def _wanted() -> list[tuple[str, int, str]]:
    """Return the libraries for this version of Python."""
    return [one for one in LIBRARIES if "cpython-" not in one[0] or _PYTHON in one[0]]


def _is_whole(folder: Path) -> bool:
    """Whether nothing is missing, and only this user can change it. Systems delete old files below /tmp."""
    try:
        if not stat.S_ISDIR(_own(folder).st_mode):
            return False
        return all(_own(folder / path).st_size == size for path, size, _ in _wanted())
    except OSError:
        return False


def _own(path: Path) -> os.stat_result:
    status = path.lstat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) != 0o700:
        raise PermissionError(f"{path} can be changed by others")
    return status


def _unpack(archive: str, folder: Path) -> None:
    """Create `folder` in one step, so that no other process sees a part of it."""
    new = Path(tempfile.mkdtemp(prefix=f"{folder.name}.new-", dir=folder.parent))
    try:
        with ZipFile(archive) as file:
            for path, _, digest in _wanted():
                content = file.read(f"{IN_ARCHIVE}/{path}")
                if sha256(content).hexdigest() != digest:
                    raise DamagedError(f"{path} is not what was built.")
                _write(new / path, content)
        _put_in_place(new, folder)
        _delete_old(folder.parent)
    except (BadZipFile, KeyError, zlib.error) as error:
        raise DamagedError(f"{error}.") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o700)) as file:
        os.fchmod(file.fileno(), 0o700)
        file.write(content)


def _put_in_place(new: Path, folder: Path) -> None:
    try:
        new.rename(folder)
    except OSError:
        if _is_whole(folder):
            return  # another process was faster
        broken = Path(tempfile.mkdtemp(prefix=f"{folder.name}.old-", dir=folder.parent))
        folder.rename(broken)
        new.rename(folder)
        shutil.rmtree(broken, ignore_errors=True)


def _delete_old(parent: Path) -> None:
    """Delete what other release files, and processes that were killed, have left."""
    for folder in parent.iterdir():
        with suppress(OSError):  # another process has deleted it
            if time.time() - folder.lstat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
