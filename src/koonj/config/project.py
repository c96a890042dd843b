"""Find the project: koonj.toml and the folders of migrations and patterns."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from koonj.config import check_levels
from koonj.config.check_levels import CheckSettings
from koonj.config.ownership import distrust
from koonj.config.settings import FILE_NAME, FOLDERS, TOOL_FOLDERS, ConfigError, ProjectFolders
from koonj.config.toml_file import TomlError, TomlFile
from koonj.config.trust import accepts_others

_KEYS = (
    "migrations",
    "layout",
    "patterns",
    "default",
    "targets",
    "scratch",
    "policy",
    "checks",
    "screen",
    "keys",
)
"""The keys of the top level. `config.screen` reads the last two tables."""


@dataclass(frozen=True, slots=True)
class Project:
    """The folders of a project, and its koonj.toml if it has one."""

    places: ProjectFolders
    file: TomlFile | None

    def checks(self) -> CheckSettings:
        """Return what koonj.toml says about the safety rules.

        Raises:
            ConfigError: [checks] is invalid.
        """
        try:
            return check_levels.read(self.file)
        except TomlError as error:
            raise ConfigError(str(error)) from error


def find(cwd: Path, migrations: Path | None, environ: Mapping[str, str], *, trusts: bool = False) -> Project:
    """Return the project around `cwd`.

    The nearest koonj.toml in `cwd` or above decides, else the migrations folder. `migrations` from the
    command line has priority over both. `trusts`: whether another user can own it or write to it.

    Raises:
        ConfigError: there is no project, it belongs to another user, or koonj.toml cannot be used.
    """
    found = _find(cwd.absolute(), migrations, environ, trusts=trusts)
    if migrations is None and not trusts:
        folder = found.places.migrations
        _must_be_own(_way(found.places), found.places.root, str(folder), environ, folder)
    return found


def others_problem(project: Project, environ: Mapping[str, str]) -> str | None:
    """Return why other users could change the project; None if they cannot."""
    places = project.places
    files = () if project.file is None else (places.root / FILE_NAME,)
    paths = (*files, *_way(places))
    return distrust(paths, str(places.root), environ, migrations=places.migrations)


def _way(places: ProjectFolders) -> Iterator[Path]:
    """Yield the folders in which another user could replace the folder of migrations."""
    root, migrations = places.root, places.migrations
    yield root
    yield from (folder for folder in migrations.parents if folder != root and folder.is_relative_to(root))
    if migrations.resolve() != migrations:
        yield migrations.resolve().parent  # of the folder that a symbolic link names


def _find(cwd: Path, migrations: Path | None, environ: Mapping[str, str], *, trusts: bool) -> Project:
    path = next((d / FILE_NAME for d in (cwd, *cwd.parents) if (d / FILE_NAME).is_file()), None)
    given = None if migrations is None else _existing(cwd / migrations, f"--migrations {migrations}")
    if path is None:
        return Project(_without_file(cwd, given), None)
    if not trusts:
        _must_be_own((path, path.parent), path.parent, shortest_path(path, cwd), environ)
    try:
        file = TomlFile(path, shortest_path(path, cwd))
        file.only((), _KEYS)
        return Project(_of_file(file, path.parent, given), file)
    except TomlError as error:
        raise ConfigError(str(error)) from error


def find_migrations(start: Path) -> Path | None:
    """Return the nearest migrations folder in `start` or above; None if there is none.

    Names: database/migrations, db/migrations and migrations; then those of other tools.
    """
    start = start.absolute()
    found = (_migrations_in(folder) for folder in (start, *start.parents))
    return next((place for place in found if place is not None), None)


def _migrations_in(root: Path) -> Path | None:
    """Return the migrations folder of a project's folder; None if it has none."""
    names = (*FOLDERS, *(name for entry, name in TOOL_FOLDERS if (root / entry).exists()))
    return next((root / name for name in names if (root / name).is_dir()), None)


def shortest_path(path: Path, cwd: Path) -> str:
    """Return the path relative to `cwd`, or absolute if that is shorter."""
    return min(os.path.relpath(path, cwd), str(path), key=len)


def _must_be_own(
    paths: Iterable[Path],
    root: Path,
    shown: str,
    environ: Mapping[str, str],
    migrations: Path | None = None,
) -> None:
    """Check that no other user could have made or changed the project.

    Raises:
        ConfigError: another user could.
    """
    problem = distrust(paths, shown, environ, migrations=migrations)
    if problem is not None and not accepts_others(root, environ):
        raise ConfigError(problem)


def _of_file(file: TomlFile, root: Path, given: Path | None) -> ProjectFolders:
    patterns = file.get(("patterns",), str)
    named = file.get(("migrations",), str)
    if given is None and named is None:
        given = _migrations_in(root)
        if given is None:
            raise ConfigError(f"{file.shown}: no `migrations`, and no {FOLDERS[0]} next to it. {_INIT}")
    if given is None:
        line = file.line(("migrations",))
        given = _existing(root / str(named), f"{file.shown}:{line}: migrations = {named!r}")
    layout = file.get(("layout",), str) or ""
    return ProjectFolders(root, given, root / (patterns or "database/patterns"), layout)


def _without_file(cwd: Path, given: Path | None) -> ProjectFolders:
    migrations = given or find_migrations(cwd)
    if migrations is None:
        raise ConfigError(f"Found no {FILE_NAME} and no migrations folder here or above. {_INIT}")
    return ProjectFolders(_root_of(migrations), migrations, migrations.parent / "patterns")


def _root_of(migrations: Path) -> Path:
    """Return the folder from which the migrations folder would be found."""
    for name in (*FOLDERS[:2], *(name for _, name in TOOL_FOLDERS)):
        parts = Path(name).parts
        if parts and migrations.parts[-len(parts) :] == parts:
            return migrations.parents[len(parts) - 1]
    is_own = any((migrations / entry).exists() for entry, name in TOOL_FOLDERS if name == ".")
    return migrations if is_own and migrations.name != FOLDERS[-1] else migrations.parent


def _existing(folder: Path, origin: str) -> Path:
    """Return the folder without ``..``.

    Raises:
        ConfigError: it does not exist, or it is not a folder.
    """
    folder = Path(os.path.normpath(folder))
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ConfigError(f"{origin}: not a folder.")
    raise ConfigError(f"{origin}: no such folder. Create it (mkdir -p {folder}) or use another one.")


_INIT = "Go to the project, use --migrations PATH, or start a project here with: koonj init"
