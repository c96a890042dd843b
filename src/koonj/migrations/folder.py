"""Read a folder of migrations fast, and later only the files that changed."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from koonj.config import find_migrations
from koonj.migrations import naming_problems
from koonj.migrations.file_reader import FileRefused, Stamp, read_file, read_link
from koonj.migrations.kept_value import PROBLEMS, known
from koonj.migrations.layouts.tool_files import has_tool_file, may_have_marker
from koonj.migrations.migration import Migration
from koonj.migrations.names import FITTING, UNFINISHED, looks_like_one
from koonj.migrations.parse_cache import ParseCache
from koonj.sql.problem import Problem

if TYPE_CHECKING:
    from koonj.migrations.layouts.layout_reader import FolderLayout, LayoutReader

__all__ = ["FileProblem", "Folder", "FolderError", "FolderReader", "check", "find_migrations"]


@dataclass(frozen=True, slots=True)
class Folder:
    """Content of a migrations folder when it was read."""

    path: Path
    migrations: tuple[Migration, ...]
    """Sorted by number, then name."""
    other_files: int
    """Number of files and folders that are not migrations. koonj ignores them."""
    problems: tuple[tuple[str, Problem], ...]
    """Pairs (file name, problem) about names, numbers and unreadable files, not about the text of a file."""
    shown_path: str = ""
    """Path as the user knows it: relative to the working directory if that is shorter."""
    layout: "FolderLayout | None" = None
    """The layout of the other tool that the folder belongs to; None if it is koonj's own."""
    cache: ParseCache | None = field(default=None, repr=False, compare=False)

    @property
    def why_read_only(self) -> str | None:
        """Why koonj changes none of these files and has no history of its own; None if they are its own."""
        if self.layout is None:
            return None
        belongs = f"This folder belongs to {self.layout.name} ({self.layout.evidence})."
        if self.layout.writer is None:
            return f"{belongs} koonj only reads it, because {self.layout.why_read_only}."
        return f"{belongs} koonj applies its migrations and rolls them back, and does nothing else with it."

    @property
    def why_not_run(self) -> str | None:
        """Why koonj runs none of these migrations; None if it does."""
        return None if self.layout is None or self.layout.writer is not None else self.why_read_only

    def must_be_koonjs(self) -> "Folder":
        """Return the folder.

        Raises: FolderError if it belongs to another tool.
        """
        if self.why_read_only is not None:
            raise FolderError(self.why_read_only)
        return self

    def must_be_runnable(self) -> "Folder":
        """Return the folder.

        Raises: FolderError if it belongs to a tool whose history koonj cannot keep.
        """
        if self.why_not_run is not None:
            raise FolderError(self.why_not_run)
        return self

    def save_parsed(self) -> None:
        """Store what was read from the files' texts, for the next run. Does not raise OSError."""
        if self.cache is not None:
            self.cache.save([migration.file_hash for migration in self.migrations])


class FileProblem(NamedTuple):
    """A problem and the file that has it."""

    name: str
    path: str
    """Path as the user knows it, for ``file:line:column``."""
    problem: Problem


class FolderError(Exception):
    """Raised if the folder cannot be read. The message says why and what to do."""


def check(folder: Folder) -> tuple[FileProblem, ...]:
    """Return all problems of a folder and its files that need no database to be found.

    The problems of the folder come first, then those of each file in order.
    """
    of_files = [FileProblem(m.name, m.path_of(p), p) for m in folder.migrations for p in _problems(m)]
    return (*folder_problems(folder), *of_files)


def folder_problems(folder: Folder) -> tuple[FileProblem, ...]:
    """Return the problems of names, numbers and unreadable files."""
    shown = folder.shown_path or str(folder.path)
    return tuple(FileProblem(name, _shown_file(shown, name), problem) for name, problem in folder.problems)


def _problems(migration: Migration) -> tuple[Problem, ...]:
    stored = known(migration, "problems", PROBLEMS)
    return migration.fresh().problems if stored is None else stored


def _shown_file(shown_folder: str, name: str) -> str:
    return name if shown_folder in {"", "."} else str(Path(shown_folder, name))


_LOOKED_AT = 3
"""Number of files at each end in which a marker of another tool is looked for first."""

_Known = dict[str, tuple[Stamp, Migration]]
"""Files that were read from a folder, by name."""


class FolderReader:
    """Reads one folder repeatedly, and only the files that changed in between."""

    def __init__(self, path: Path, cwd: Path | None = None, layout: str = "") -> None:
        """`layout`: what koonj.toml says about the layout of the folder; empty if it says nothing."""
        self._path = path.absolute()
        self._layout = layout
        self._others: LayoutReader | None = None
        """For a folder that can belong to another tool."""
        self._folder_name = str(self._path)
        self._shown = _shorter_path(self._path, cwd)
        self._cache = ParseCache(self._path)
        self._known: _Known = {}
        self._read_at = 0
        self._last: Folder | None = None

    @property
    def path(self) -> Path:
        """Absolute path of the folder."""
        return self._path

    @property
    def layout(self) -> str:
        """The layout that the folder had when it was read: ``koonj``, or the name of another tool."""
        last = self._last
        return self._layout or ("koonj" if last is None or last.layout is None else last.layout.name)

    def read(self) -> Folder:
        """Return the folder as it is now; the same object as before if nothing changed.

        A file that cannot be read is a problem of the folder, not an exception.

        Raises: FolderError if the folder itself cannot be read.
        """
        if self._last is not None and self._last.layout is not None:
            folder = self._read_other()
            if folder is not None:
                return folder
        read_at = time.time_ns()
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                found = self._read(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise FolderError(_unreadable_folder(self._shown, error)) from error
        if not self._is_own(found) and (folder := self._read_other()) is not None:
            return folder
        self._cache.size = sum(stamp[2] for stamp, _ in found.known.values())
        folder = self._folder(found)
        self._known, self._read_at, self._last = found.known, read_at, folder
        return folder

    def _is_own(self, found: "_Found") -> bool:
        """Return whether the folder surely is koonj's: nothing in it can be of another tool."""
        if self._layout or has_tool_file(self._path):
            return self._layout == "koonj"
        if not found.known:
            return not (found.problems or found.others)
        names = sorted(found.known)
        some = (*names[:_LOOKED_AT], *names[-_LOOKED_AT:])  # a folder that has changed its tool differs there
        return not any(may_have_marker(found.known[name][1].raw) for name in some)

    def _read_other(self) -> Folder | None:
        """Return the folder as the tool reads it that it belongs to; None if it is koonj's own.

        Raises: FolderError.
        """
        from koonj.migrations.layouts.layout_reader import LayoutReader  # noqa: PLC0415 - few folders need it
        from koonj.migrations.layouts.recognition import UnclearLayoutError  # noqa: PLC0415 - as above

        if self._others is None:
            self._others = LayoutReader(self._path, self._shown, self._layout)
        try:
            read = self._others.read()
        except OSError as error:
            raise FolderError(_unreadable_folder(self._shown, error)) from error
        except UnclearLayoutError as error:
            raise FolderError(str(error)) from error
        if read is None:
            return None
        migrations, problems = read.files.migrations, read.files.problems
        last = self._last
        if last is None or last.layout is not read.layout:
            self._last = Folder(self._path, migrations, read.others, problems, self._shown, read.layout)
        return self._last

    def _read(self, descriptor: int) -> "_Found":
        found = self._scan(descriptor)
        if found.unfinished:
            from koonj.migrations.new_files import finish  # noqa: PLC0415 - only after a crash

            if finish(self._path):
                found = self._scan(descriptor)
        return found

    def _scan(self, descriptor: int) -> "_Found":
        found = _Found()
        with os.scandir(descriptor) as entries:
            for entry in entries:
                name = entry.name
                fit = FITTING.fullmatch(name)
                if fit is None and looks_like_one(name) and not _is_folder(entry):
                    found.problems.append((naming_problems.printable(name), naming_problems.bad_name(name)))
                elif fit is None and name.endswith(UNFINISHED):
                    found.unfinished = True
                elif fit is None or _is_folder(entry):
                    found.others += 1
                else:
                    try:
                        found.known[name] = self._file(descriptor, entry, int(fit[1]))
                    except FileNotFoundError:
                        continue  # deleted since the folder was listed
                    except FileRefused as refused:
                        found.problems.append((name, refused.problem))
        return found

    def _file(self, descriptor: int, entry: "os.DirEntry[str]", number: int) -> tuple[Stamp, Migration]:
        """Return one migration, from memory if its file did not change.

        Raises: FileRefused.
        """
        name = entry.name
        known = self._known.get(name)
        before = None if known is None else known[0]
        if entry.is_symlink():
            stamp, raw = read_link(descriptor, self._folder_name, name, before, self._read_at)
        else:
            stamp, raw = read_file(descriptor, name, before, self._read_at)
        if known is not None and (raw is None or raw == known[1].raw):
            return (known[0] if raw is None else stamp), known[1]
        return stamp, Migration.of_file(number, name, self._folder_name, self._shown, raw or b"", self._cache)

    def _folder(self, found: "_Found") -> Folder:
        last, known = self._last, found.known
        if last is not None and last.layout is not None:
            last = None
        kept = (
            last is not None
            and len(known) == len(self._known)
            and all(name in self._known and known[name][1] is self._known[name][1] for name in known)
        )
        migrations = last.migrations if last is not None and kept else _ordered(known)
        named = sorted(found.problems, key=lambda p: p[0])
        problems = (*named, *naming_problems.of_numbers(migrations))
        if last is not None and kept and (found.others, problems) == (last.other_files, last.problems):
            return last
        return Folder(self._path, migrations, found.others, problems, self._shown, cache=self._cache)


@dataclass(slots=True)
class _Found:
    """Files and problems that one pass over the folder has found."""

    known: _Known = field(default_factory=dict)
    problems: list[tuple[str, Problem]] = field(default_factory=list)
    others: int = 0
    unfinished: bool = False
    """Whether new files were not all put into the folder: koonj does that now, or was killed."""


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a symbolic link to itself; reading it reports the problem
        return False


def _ordered(known: _Known) -> tuple[Migration, ...]:
    return tuple(m for _, _, m in sorted([(m.number, name, m) for name, (_, m) in known.items()]))


def _shorter_path(path: Path, cwd: Path | None) -> str:
    """Return the relative or the absolute path, whichever is shorter."""
    return min(os.path.relpath(path, cwd or Path.cwd()), str(path), key=len)


def _unreadable_folder(shown: str, error: OSError) -> str:
    return (
        f"{shown}: the migrations folder cannot be read: {error.strerror}. "
        "To use another folder, add --migrations PATH."
    )
