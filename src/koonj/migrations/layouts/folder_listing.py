"""The files of a folder and of the folders above it, as the layouts of other tools read them.

Nothing outside the folder is read, except configuration files of the tools by their names.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from koonj.config.owned_file import start_of_owned_file
from koonj.migrations.file_reader import FileRefused, read_file, read_link

_ABOVE = 4
"""Number of folders above the folder of migrations in which a tool's configuration is looked for."""
_MOST_CONFIGURATION = 1 << 20
"""Bytes of a configuration file that are read."""

_DEEP = 3
"""Levels of sub-folders in which files are looked for."""
_ROOT_HAS = (".git", "sqitch.plan")
"""Entries of the root of a project: there, only one level of sub-folders is read."""
_SCRIPTS = frozenset({"deploy", "revert"})
"""Folders beside a sqitch.plan that are read as deep as any: names of changes can have ``/``."""

_Stamped = tuple[str, int, int, int, int]
Stamp = tuple[int, int, int, int]
Signature = tuple[_Stamped, ...]
"""Names and stamps of all files: as long as it is equal, nothing has changed."""


class FolderListing:
    """What is in a folder now, and in its sub-folders. Reads a file each time it is asked for one."""

    def __init__(self, path: Path, shown: str) -> None:
        """List the folder. `shown`: its path as the user knows it.

        Raises: OSError if the folder cannot be listed.
        """
        self.path = path
        self.shown = shown
        found = sorted(_listed(path))
        self.names = tuple(name for name, *_ in found)
        """Paths of all files, relative to the folder, with ``/``: also those of sub-folders."""
        self.signature: Signature = tuple(found)
        self._asked: dict[Path, Stamp | None] = {}

    @property
    def places(self) -> tuple[str, str]:
        """The folder's path, and as the user knows it."""
        return str(self.path), self.shown

    @property
    def top(self) -> tuple[str, ...]:
        """Names of the files that are in the folder itself."""
        return tuple(name for name in self.names if "/" not in name)

    def raw(self, name: str) -> bytes:
        """Return the bytes of a file of the folder.

        Raises: FileRefused, with the problem.
        """
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            if (self.path / name).is_symlink():
                _, raw = read_link(descriptor, str(self.path), name, None, 0)
            else:
                _, raw = read_file(descriptor, name, None, 0)
        except FileNotFoundError:
            return b""  # deleted since the folder was listed: the next read says so
        finally:
            os.close(descriptor)
        return raw or b""

    def text(self, name: str) -> str:
        """Return the text of a file of the folder; empty if it cannot be read."""
        try:
            return self.raw(name).decode("utf-8", "replace")
        except FileRefused:
            return ""

    def configuration(self, name: str) -> str | None:
        """Return the text of a tool's configuration file, of the nearest folder that has it; None: no file.

        It is looked for in the folder and the folders above it, up to the root of the repository.
        """
        for folder in self._places_of_configuration():
            if self._note(folder / name) and (text := configuration_text(folder / name)) is not None:
                return text
        return None

    def has_above(self, name: str) -> bool:
        """Return whether the folder, or one above it up to the root of the repository, has this entry."""
        return any(self._note(folder / name) for folder in self._places_of_configuration())

    @property
    def asked(self) -> Mapping[Path, Stamp | None]:
        """The entries outside the folder that were asked for, each with its `stamp` then."""
        return self._asked

    def _note(self, path: Path) -> Stamp | None:
        self._asked[path] = found = stamp(path)
        return found

    def _places_of_configuration(self) -> Iterator[Path]:
        for folder in (self.path, *self.path.parents[:_ABOVE]):
            yield folder
            if os.path.lexists(folder / ".git"):
                return


def stamp(path: Path) -> Stamp | None:
    """Return what changes with a file, or with that to which it links; None if there is none."""
    try:
        found = path.lstat()
        if stat.S_ISLNK(found.st_mode):
            with suppress(OSError):  # a link that leads nowhere is there
                found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def configuration_text(path: Path) -> str | None:
    """Return the text of a configuration file; None if there is none, or it belongs to another user."""
    found = start_of_owned_file(path, _MOST_CONFIGURATION)
    return None if found is None else found.decode("utf-8", "replace")


def _listed(path: Path) -> Iterator[_Stamped]:
    if not any(os.path.lexists(path / name) for name in _ROOT_HAS):
        return _below(str(path), "", _DEEP)
    has_plan = os.path.lexists(path / "sqitch.plan")
    return _below(str(path), "", 1, _SCRIPTS if has_plan else frozenset())


def _below(folder: str, prefix: str, deep: int, deeper: Collection[str] = frozenset()) -> Iterator[_Stamped]:
    """Yield the files of a folder, and of `deep` levels of folders in it. Links to folders are not read.

    `deeper`: names of folders in it that are read as deep as any.
    """
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if not entry.is_dir(follow_symlinks=False):
                if _is_file(entry):
                    yield _stamped(entry, prefix + entry.name)
            elif deep:
                with suppress(PermissionError):  # no migration of a tool is where the user cannot look
                    below = _DEEP - 1 if entry.name in deeper else deep - 1
                    yield from _below(entry.path, f"{prefix}{entry.name}/", below)


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a symbolic link to itself
        return False


def _stamped(entry: os.DirEntry[str], name: str) -> _Stamped:
    status = entry.stat()
    return name, status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
