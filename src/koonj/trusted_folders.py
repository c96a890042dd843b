"""Remember which folders the user trusts, in a file of the user's state folder.

The file is ``koonj/trusted.json``.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from koonj.state_file import StateFile, replace_content
from koonj.user_folders import UserFolderError

_FILE = StateFile("trusted")


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
        stored = _FILE.read(environ)
        return {Path(folder): TrustRecord(**record) for folder, record in stored["folders"].items()}
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


@contextmanager
def _changing(environ: Mapping[str, str]) -> Iterator[dict[Path, TrustRecord]]:
    """Lock the file, yield its content, and write it back."""
    try:
        with _FILE.locked(environ) as file:
            known = trusted(environ)
            yield known
            folders = {str(folder): asdict(record) for folder, record in sorted(known.items())}
            replace_content(file, {"format": 1, "folders": folders})
    except OSError as error:
        raise UserFolderError(
            f"koonj cannot store the trust in {_FILE.path(environ)}: {error.strerror or error}.",
            "Make the folder writable, or set KOONJ_TRUST=1.",
        ) from error
