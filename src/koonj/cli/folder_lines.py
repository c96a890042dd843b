"""What `koonj doctor` says about the folders that koonj writes to. It creates none of them."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from koonj.cli.doctor_line import DoctorLine, error, note, ok
from koonj.migrations.folder import Folder
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.os_account import server_account
from koonj.runner.process.folders import journal_folders
from koonj.user_folders import (
    CACHE,
    DATA,
    STATE,
    Kind,
    existing_part,
    folder_path,
    folder_paths,
    is_of_user_only,
)

_KINDS: tuple[tuple[str, Kind, str], ...] = (
    (
        "state folder",
        STATE,
        "koonj keeps journals of runs below TMPDIR, and does not remember which folders you trust",
    ),
    ("cache folder", CACHE, "koonj reads and rehearses files again each time"),
    ("data folder", DATA, "the embedded server has no place for its data"),
)
"""Name, folder, and what happens if koonj cannot write there."""
_LEVELS = {STATE: 2, CACHE: 1, DATA: 1}
"""How deep the folders are that koonj writes to itself. Those below are of the embedded server."""


def folder_lines(environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """Yield a line for each of koonj's own folders."""
    for name, kind, otherwise in _KINDS:
        try:
            account = server_account() if kind is DATA else None
        except EmbeddedError as failed:
            yield note(name, failed.message, failed.hint)
            continue
        first, *others = folder_paths(kind, account, environ)
        folder = next((path for path in (first, *others) if _can_write(existing_part(path))), first)
        yield _line(name, folder, f"Set {kind.variable} to a folder of your own", otherwise)
        yield from (
            _changeable(name, mode, f"{path.relative_to(folder)} in it ")
            for path, mode in _others_can_change(_inside(folder, _LEVELS[kind]))
        )
    away = [path for path in journal_folders(environ) if path.parent != folder_path(STATE, environ)]
    for path, mode in _others_can_change(away):
        yield _changeable("journals", mode, f"{path.name}, used without a state folder, ")


def _inside(folder: Path, levels: int) -> Iterator[Path]:
    """Yield the folders in a folder, so many levels deep; none of those that cannot be read."""
    with suppress(OSError):
        for path in sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink()):
            yield path
            yield from _inside(path, levels - 1) if levels > 1 else ()


def _others_can_change(folders: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield the folders that koonj refuses to use, and their modes."""
    for folder in folders:
        with suppress(OSError):
            status = folder.lstat()
            if not is_of_user_only(status):
                yield folder, f"mode {stat.S_IMODE(status.st_mode):o}"


def _changeable(name: str, mode: str, which: str = "") -> DoctorLine:
    return error(
        name,
        f"{which}is not a folder of your user only, {mode}",
        "Other users could put files into it. Check its owner, and set its mode to 700.",
    )


def layout_line(folder: Folder) -> DoctorLine:
    """Return the line about the layout of the folder of migrations: whose it is, and by what that is seen."""
    if folder.layout is None:
        return ok("layout", "koonj's own")
    # the evidence without the folder's path, which says nothing to others
    seen = folder.layout.evidence.removeprefix(folder.shown_path).removeprefix("/")
    does = "reads" if folder.why_not_run else "runs"
    return ok("layout", f"{folder.layout.name}, which koonj {does}; recognised by {seen}")


def migrations_line(folder: Path, count: int, *, is_own: bool = True) -> DoctorLine:
    """Return the line about the folder of migrations. `is_own`: whether koonj writes into it at all."""
    if not is_own:
        return ok("migrations", f"{count} {'migration' if count == 1 else 'migrations'}")
    files = f"{count} {'file' if count == 1 else 'files'}"
    if _can_write(folder):
        return ok("migrations", f"{files}, writable")
    return note(
        "migrations", f"{files}, read-only", "To write migrations, make the folder writable for your user."
    )


def _line(name: str, folder: Path, advice: str, otherwise: str) -> DoctorLine:
    try:
        status = folder.lstat()
    except OSError:
        if _can_write(existing_part(folder)):
            return ok(name, "does not exist yet; koonj can create it")
        return note(name, f"cannot be created: {otherwise}", f"{advice}.")
    mode = f"mode {stat.S_IMODE(status.st_mode):o}"
    if not is_of_user_only(status):
        return _changeable(name, mode)
    if not _can_write(folder):
        return note(name, f"{mode}, read-only: {otherwise}", f"{advice}.")
    return ok(name, f"{mode}, writable")


def _can_write(folder: Path) -> bool:
    """Whether a file can be created. It has no name on Linux, and is deleted at once elsewhere."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
