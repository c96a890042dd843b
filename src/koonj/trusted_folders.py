"""Remember which folders the user trusts, in a file of the user's state folder.

The file is ``koonj/trusted.json``. Only the user can read and write it. It is replaced in one step, so that
no reader sees a part of it.
"""

import fcntl
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from koonj.user_folders import STATE, UserFolderError, folder_path, koonj_folder

_FILE, _LOCK = "trusted.json", "trusted.lock"
_MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TrustRecord:
    """What the user trusted, and when."""

    commands_hash: str
    """Hash of everything that koonj.toml made koonj run or read at that time."""
    accepts_others: bool
    """Whether the user also accepted that other users own the folder or can write to it."""
    at: str
    """Time in ISO 8601."""


def trusted(environ: Mapping[str, str] = os.environ) -> dict[Path, TrustRecord]:
    """Return the trusted folders by their real path.

    A file that is missing, damaged or writable by other users contains no trust.
    """
    try:
        return _read(folder_path(STATE, environ) / _FILE)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}


def trust(
    folders: Sequence[Path],
    commands_hash: str,
    *,
    accepts_others: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """Remember that the user trusts these folders, given by their real path.

    Raises:
        UserFolderError: it cannot be stored.
    """
    record = TrustRecord(commands_hash, accepts_others, datetime.now(UTC).isoformat(timespec="seconds"))
    with _changing(environ) as known:
        known.update(dict.fromkeys(folders, record))


def forget(folders: Sequence[Path], environ: Mapping[str, str] = os.environ) -> bool:
    """Forget the trust in these folders. Return whether one of them was trusted.

    Raises:
        UserFolderError: it cannot be stored.
    """
    with _changing(environ) as known:
        return bool([folder for folder in folders if known.pop(folder, None)])


def _read(file: Path) -> dict[Path, TrustRecord]:
    """Return the content of the file. Raises OSError, ValueError, TypeError, KeyError or AttributeError."""
    with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
        status = os.fstat(opened.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o022:
            return {}
        stored = json.loads(opened.read(_MAX_BYTES))
    return {Path(folder): TrustRecord(**record) for folder, record in stored["folders"].items()}


@contextmanager
def _changing(environ: Mapping[str, str]) -> Iterator[dict[Path, TrustRecord]]:
    """Lock the file, yield its content, and write it back."""
    folder = koonj_folder(STATE, None, environ)
    try:
        with os.fdopen(os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            known = trusted(environ)
            yield known
            _write(folder / _FILE, known)
    except OSError as error:
        raise UserFolderError(
            f"koonj cannot store the trust in {folder / _FILE}: {error.strerror or error}.",
            "Make the folder writable, or set KOONJ_TRUST=1.",
        ) from error


def _write(file: Path, known: Mapping[Path, TrustRecord]) -> None:
    folders = {str(folder): asdict(record) for folder, record in sorted(known.items())}
    new = file.with_name(f"{file.name}.new")  # only the holder of the lock writes it
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(new, flags, 0o600), "w", encoding="utf-8") as opened:
        json.dump({"format": 1, "folders": folders}, opened, indent=1)
        opened.flush()
        os.fsync(opened.fileno())
    new.replace(file)
