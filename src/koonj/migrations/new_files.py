"""Put several new files into the migrations folder: after a crash all of them are there, or none.

No system call gives several files their names at once. So the files are written into a folder of their own
first, inside the migrations folder. One rename of that folder decides: before it, nothing counts, and whoever
reads the migrations next removes what is left. After it, the files are linked to their names, and whoever
reads the migrations next links those that are missing. A file has all of its text as soon as it has its name.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from koonj.migrations.file_beside import file_beside
from koonj.migrations.file_rename import move_file
from koonj.migrations.names import FITTING, UNFINISHED

_WRITING, _DECIDED = UNFINISHED
_NO_LINKS = frozenset({errno.EPERM, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK})


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Lock the folder against other koonj processes, and yield its descriptor."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a network file system without locks: no file overwrites another one
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def add_files(folder: Path, files: Mapping[str, bytes]) -> tuple[Path, ...]:
    """Create files with these names and texts in a folder that is `locked`: all of them or none.

    Raises: FileExistsError if a name is in use; OSError. Then none of them is there.
    """
    writing = folder / f".{secrets.token_hex(6)}{_WRITING}"
    decided = writing.with_suffix(_DECIDED)
    made: list[Path] = []
    try:
        writing.mkdir()
        for name, raw in files.items():
            _write(writing / name, raw)
        _flush(writing)
        writing.rename(decided)
        _flush(folder)
        for name in files:
            made.append(folder / name)
            _place(decided / name, folder / name)
        _flush(folder)
    except BaseException as error:
        for path in made[:-1] if isinstance(error, FileExistsError) else made:
            path.unlink(missing_ok=True)
        _remove(writing)
        _remove(decided)
        raise
    _remove(decided)
    return tuple(made)


def finish(folder: Path) -> bool:
    """Complete or remove what a crash of `add_files` has left, and return whether that was possible.

    Does nothing while another process works there, or if the folder cannot be locked or written.
    """
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            finish_locked(folder)
        finally:
            os.close(descriptor)
        return True
    return False


def finish_locked(folder: Path) -> None:
    """Do the same in a folder that is `locked`.

    Raises: OSError.
    """
    for left in sorted(path for path in folder.iterdir() if path.name.endswith(UNFINISHED)):
        if left.is_symlink() or not left.is_dir():
            continue
        if left.suffix == _DECIDED:
            for staged in sorted(path for path in left.iterdir() if FITTING.fullmatch(path.name)):
                with suppress(FileExistsError):  # it had its name before the crash, or has been edited since
                    _place(staged, folder / staged.name)
            _flush(folder)
        _remove(left)


def _write(path: Path, raw: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def _place(staged: Path, path: Path) -> None:
    """Give a file its name in the migrations folder.

    Raises: FileExistsError; OSError.
    """
    try:
        os.link(staged, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with file_beside(path, staged.read_bytes()) as beside:
            move_file(beside, path)


def _flush(folder: Path) -> None:
    with suppress(OSError):  # some file systems cannot flush a folder
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _remove(folder: Path) -> None:
    with suppress(OSError):  # what stays is removed by the next one
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
