"""A JSON file in the user's state folder that several koonj processes read and change.

Only the user can read and write it. It is replaced in one step, so that no reader sees a part of it.
"""

import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from koonj.user_folders import STATE, folder_path, koonj_folder

_MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StateFile:
    """``koonj/NAME.json`` of the state folder."""

    name: str

    def path(self, environ: Mapping[str, str] = os.environ) -> Path:
        """Return where it is, without creating it."""
        return folder_path(STATE, environ) / f"{self.name}.json"

    def read(self, environ: Mapping[str, str] = os.environ) -> Any:
        """Return its content; None if other users own it or can write to it.

        Raises: OSError, ValueError.
        """
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
        with os.fdopen(os.open(self.path(environ), flags), "rb") as opened:
            status = os.fstat(opened.fileno())
            is_own = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
            return json.loads(opened.read(_MAX_BYTES)) if is_own and not status.st_mode & 0o022 else None

    @contextmanager
    def locked(self, environ: Mapping[str, str] = os.environ) -> Iterator[Path]:
        """Let no other process change it meanwhile; yield its path.

        Raises: OSError; UserFolderError if there is no state folder.
        """
        folder = koonj_folder(STATE, None, environ)
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        with os.fdopen(os.open(folder / f"{self.name}.lock", flags, 0o600)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder / f"{self.name}.json"


def replace_content(file: Path, content: Any) -> None:
    """Write `content` into a file that this process has locked.

    Raises: OSError.
    """
    new = file.with_name(f"{file.name}.new")  # only the holder of the lock writes it
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(new, flags, 0o600), "w", encoding="utf-8") as opened:
        json.dump(content, opened, indent=1)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)
