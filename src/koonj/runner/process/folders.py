"""Find the folders for the journals of runs, and the files of one run in them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from koonj.postgres.run_name import SHORT_ID
from koonj.user_folders import (
    STATE,
    UserFolderError,
    folder_path,
    is_of_user_only,
    koonj_folder,
    make_trusted,
)

PRIVATE = 0o700
_LONGEST_TARGET = 60


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run: ``20261129T201733Z-production-3f2a91c4`` with an ending for each."""

    folder: Path
    stem: str

    @property
    def journal(self) -> Path:
        """The journal, which also says whether the run is in progress: its process holds a lock on it."""
        return self.folder / f"{self.stem}.jsonl"

    @property
    def control(self) -> Path:
        """The FIFO through which the run is asked to end."""
        return self.folder / f"{self.stem}.ctl"

    @property
    def errors(self) -> Path:
        """What the process of the run prints to stderr: only defects of koonj."""
        return self.folder / f"{self.stem}.err"

    @property
    def seen(self) -> Path:
        """An empty file, once a user has seen how the run ended."""
        return self.folder / f"{self.stem}.seen"

    @property
    def all(self) -> tuple[Path, ...]:
        """All files of the run."""
        return self.journal, self.control, self.errors, self.seen


def run_files(folder: Path, target: str, run_id: str, started: datetime) -> RunFiles:
    """Return the files of a new run. `target`: its name, or words for several of them."""
    name = re.sub(r"[^A-Za-z0-9_]+", "_", target)[:_LONGEST_TARGET]
    return RunFiles(folder, f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}-{name}-{run_id[:SHORT_ID]}")


def mark_seen(files: RunFiles) -> None:
    """Remember that a user has seen how the run ended. Does not raise OSError: it can be told twice."""
    with suppress(OSError):
        os.close(os.open(files.seen, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))


def usable_folders(environ: Mapping[str, str] = os.environ) -> Iterator[Path | UserFolderError]:
    """Yield the folders for a new journal, best first; create each. Or why one cannot be used."""
    for _, make in _places(environ):
        try:
            yield make()
        except UserFolderError as error:
            yield error


def existing_folders(environ: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """Yield the folders that can contain journals of this user."""
    for path, _ in _places(environ):
        try:
            status = path.lstat()
        except OSError:
            continue
        if is_of_user_only(status):
            yield path


def journal_folders(environ: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """Yield the possible folders for journals, best first, whether they exist or not."""
    yield from (path for path, _ in _places(environ))


def _places(environ: Mapping[str, str]) -> Iterator[tuple[Path, Callable[[], Path]]]:
    """Yield each possible folder, and a function that creates it.

    A home that cannot be written is no reason to run without a journal. The folder of XDG_RUNTIME_DIR is
    deleted when the user logs out, and the last one when the machine restarts.
    """
    yield (
        folder_path(STATE, environ) / "runs",
        lambda: make_trusted(koonj_folder(STATE, None, environ) / "runs", PRIVATE),
    )
    runtime = Path(environ.get("XDG_RUNTIME_DIR", ""))
    if runtime.is_absolute() and runtime.is_dir():
        yield runtime / "koonj", lambda: make_trusted(runtime / "koonj", PRIVATE)
    temporary = Path(environ.get("TMPDIR") or "/tmp", f"koonj-{os.geteuid()}")  # noqa: S108  its owner and mode are checked
    yield temporary, lambda: make_trusted(temporary, PRIVATE)
