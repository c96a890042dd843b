"""Which project: koonj.toml and the folders of migrations and patterns."""

import os
from dataclasses import dataclass
from pathlib import Path

from koonj.config.toml_file import TomlError, TomlFile
from koonj.config.values import FILE_NAME, FOLDERS, ConfigError, ProjectFolders

_KEYS = ("migrations", "patterns", "default", "targets", "scratch", "policy", "screen", "keys")
"""What the last two hold, `config.screen` reads when there is a screen."""


@dataclass(frozen=True, slots=True)
class Project:
    """A project's folders, and its koonj.toml if it has one."""

    places: ProjectFolders
    file: TomlFile | None


def find(cwd: Path, migrations: Path | None) -> Project:
    """The project around `cwd`, by the nearest koonj.toml upward, else by its migrations folder.

    `migrations` is the command line's and goes before both. Raises ConfigError.
    """
    cwd = cwd.absolute()
    path = next((d / FILE_NAME for d in (cwd, *cwd.parents) if (d / FILE_NAME).is_file()), None)
    given = None if migrations is None else _existing(cwd / migrations, f"--migrations {migrations}")
    if path is None:
        return Project(_without_file(cwd, given), None)
    try:
        file = TomlFile(path, shortest_path(path, cwd))
        file.only((), _KEYS)
        return Project(_of_file(file, path.parent, given), file)
    except TomlError as error:
        raise ConfigError(str(error)) from error


def find_migrations(start: Path) -> Path | None:
    """The nearest database/migrations, db/migrations or migrations upward; None where there is none."""
    start = start.absolute()
    places = (folder / name for folder in (start, *start.parents) for name in FOLDERS)
    return next((place for place in places if place.is_dir()), None)


def shortest_path(path: Path, cwd: Path) -> str:
    """A path as a person in `cwd` writes it: the shorter one of relative and absolute."""
    return min(os.path.relpath(path, cwd), str(path), key=len)


def _of_file(file: TomlFile, root: Path, given: Path | None) -> ProjectFolders:
    patterns = file.get(("patterns",), str)
    named = file.get(("migrations",), str)
    if given is None and named is None:
        given = next((root / name for name in FOLDERS if (root / name).is_dir()), None)
        if given is None:
            raise ConfigError(f"{file.shown}: no `migrations`, and no {FOLDERS[0]} beside it. {_INIT}")
    if given is None:
        line = file.line(("migrations",))
        given = _existing(root / str(named), f"{file.shown}:{line}: migrations = {named!r}")
    return ProjectFolders(root, given, root / (patterns or "database/patterns"))


def _without_file(cwd: Path, given: Path | None) -> ProjectFolders:
    migrations = given or find_migrations(cwd)
    if migrations is None:
        raise ConfigError(f"No {FILE_NAME} and no migrations folder here or above. {_INIT}")
    return ProjectFolders(_root_of(migrations), migrations, migrations.parent / "patterns")


def _root_of(migrations: Path) -> Path:
    """The folder in which a migrations folder would have been found."""
    for name in FOLDERS[:2]:
        if migrations.parts[-2:] == Path(name).parts:
            return migrations.parent.parent
    return migrations.parent


def _existing(folder: Path, said_by: str) -> Path:
    """The folder, without ``..``. Raises ConfigError where there is none."""
    folder = Path(os.path.normpath(folder))
    if folder.is_dir():
        return folder
    if folder.exists():
        raise ConfigError(f"{said_by}: is not a folder.")
    raise ConfigError(f"{said_by}: there is no such folder. Make it (mkdir -p {folder}) or name another.")


_INIT = "Go to the project, give --migrations PATH, or begin one here with: koonj init"
