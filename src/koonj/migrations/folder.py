"""A folder of migrations, read fast and read again only where it changed."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from koonj.config import find_migrations
from koonj.migrations import naming_problems
from koonj.migrations.migration import Migration
from koonj.migrations.names import FITTING, looks_like_one
from koonj.migrations.reading import Refused, Snapshot, read_file, read_link
from koonj.sql.fingerprint import file_hash
from koonj.sql.problem import Problem

__all__ = ["FileProblem", "Folder", "FolderError", "FolderReader", "check", "find_migrations"]


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder held when it was read."""

    path: Path
    migrations: tuple[Migration, ...]
    """Ordered by number, then name."""
    others: int
    """Files and folders that are no migrations and were left alone."""
    problems: tuple[tuple[str, Problem], ...]
    """(file name, problem) of names, of numbers, of files that could not be read; not of their text."""
    shown_path: str = ""
    """As the person knows it: relative to the working directory where that is shorter."""


class FileProblem(NamedTuple):
    """A problem and the file that has it."""

    name: str
    path: str
    """As the person knows it, for ``file:line:column``."""
    problem: Problem


class FolderError(Exception):
    """The folder cannot be read. The message says what and what to do."""


def check(folder: Folder) -> tuple[FileProblem, ...]:
    """Everything that is wrong, known without a database: of the folder, then file by file in order."""
    shown = folder.shown_path or str(folder.path)
    of_folder = [FileProblem(name, _shown_file(shown, name), problem) for name, problem in folder.problems]
    of_files = [FileProblem(m.name, m.shown_path, p) for m in folder.migrations for p in m.problems]
    return (*of_folder, *of_files)


def _shown_file(shown_folder: str, name: str) -> str:
    return name if shown_folder in {"", "."} else str(Path(shown_folder, name))


class FolderReader:
    """Reads one folder, again and again; what did not change is neither read nor parsed again."""

    def __init__(self, path: Path, cwd: Path | None = None) -> None:
        self._path = path.absolute()
        self._shown = _shown(self._path, cwd)
        self._known: dict[str, tuple[Snapshot, Migration]] = {}
        self._last: Folder | None = None

    @property
    def path(self) -> Path:
        """The folder, absolute."""
        return self._path

    def read(self) -> Folder:
        """The folder as it is now; the same object as before where nothing changed.

        Raises FolderError where the folder itself cannot be read. A file that cannot be read is a problem of
        the folder.
        """
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise FolderError(_unreadable_folder(self._shown, error)) from error
        try:
            return self._read(descriptor)
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int) -> Folder:
        known: dict[str, tuple[Snapshot, Migration]] = {}
        problems: list[tuple[str, Problem]] = []
        others = 0
        now = time.time_ns()
        with os.scandir(descriptor) as entries:
            for entry in entries:
                name = entry.name
                fit = FITTING.fullmatch(name)
                if fit is None:
                    bad = looks_like_one(name) and not entry.is_dir()
                    others += not bad
                    if bad:
                        problems.append((naming_problems.printable(name), naming_problems.bad_name(name)))
                elif entry.is_dir():
                    others += 1
                else:
                    try:
                        known[name] = self._file(descriptor, entry, int(fit[1]), now)
                    except Refused as refused:
                        problems.append((name, refused.problem))
        return self._folder(known, problems, others)

    def _file(
        self, descriptor: int, entry: "os.DirEntry[str]", number: int, now: int
    ) -> tuple[Snapshot, Migration]:
        """One migration, from memory if its file did not change. Raises Refused."""
        name = entry.name
        before = self._known.get(name)
        snapshot, raw = (
            read_link(descriptor, str(self._path), name, now, before and before[0])
            if entry.is_symlink()
            else read_file(descriptor, name, now, before and before[0])
        )
        if before is not None and (raw is None or raw == before[1].raw):
            return (snapshot, before[1])
        content = raw or b""
        return snapshot, Migration(number, name, str(self._path), self._shown, content, file_hash(content))

    def _folder(
        self, known: dict[str, tuple[Snapshot, Migration]], problems: list[tuple[str, Problem]], others: int
    ) -> Folder:
        migrations = tuple(sorted((m for _, m in known.values()), key=lambda m: (m.number, m.name)))
        found = (*sorted(problems, key=lambda p: p[0]), *naming_problems.of_numbers(migrations))
        self._known = known
        folder = Folder(self._path, migrations, others, found, self._shown)
        if self._last is None or not _same(self._last, folder):
            self._last = folder
        return self._last


def _same(old: Folder, new: Folder) -> bool:
    """Whether nothing changed; the migrations are compared as objects, since unchanged ones are kept."""
    return (
        len(old.migrations) == len(new.migrations)
        and all(a is b for a, b in zip(old.migrations, new.migrations, strict=True))
        and old.others == new.others
        and old.problems == new.problems
    )


def _shown(path: Path, cwd: Path | None) -> str:
    """The shorter one of the relative and the absolute path."""
    return min(os.path.relpath(path, cwd or Path.cwd()), str(path), key=len)


def _unreadable_folder(shown: str, error: OSError) -> str:
    return (
        f"{shown}: the migrations folder cannot be read: {error.strerror}. Name another: --migrations PATH."
    )
