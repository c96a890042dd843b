"""Rename a migration file without overwriting another one.

At every moment, also after a crash, the file has its old name or its new one.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_AT_FDCWD = -100 if sys.platform == "linux" else -2
_NO_REPLACE = 1 if sys.platform == "linux" else 4
"""RENAME_NOREPLACE of renameat2(2), RENAME_EXCL of renameatx_np(2) on macOS."""
_FUNCTION = "renameat2" if sys.platform == "linux" else "renameatx_np"
_UNSUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})


@dataclass(frozen=True, slots=True)
class FileRename:
    """The old and the new name of a file in the migrations folder."""

    old: str
    new: str


def rename_file(folder: Path, rename: FileRename) -> None:
    """Rename a file of the folder, and flush the folder.

    Raises: FileExistsError if the new name is in use; FileNotFoundError if the file is gone; OSError.
    """
    move_file(folder / rename.old, folder / rename.new)


def move_file(old: Path, new: Path) -> None:
    """Rename a file inside its folder.

    Raises: as `rename_file`.
    """
    if not _renamed(old, new):
        # The file system cannot do it in one step: for a moment, or after a crash, the file has both names.
        os.link(old, new, follow_symlinks=False)
        old.unlink()
    with suppress(OSError):  # some file systems cannot flush a folder
        descriptor = os.open(new.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _renamed(old: Path, new: Path) -> bool:
    """Return whether one system call has renamed the file; False if there is no such call.

    Raises: OSError.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), _FUNCTION, None)
    if rename is None:
        return False
    arguments = (_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), ctypes.c_uint(_NO_REPLACE))
    if rename(*arguments) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(old), None, str(new))
