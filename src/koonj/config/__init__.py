"""koonj.toml and the environment -> Settings and Targets."""

from collections.abc import Mapping
from pathlib import Path

from koonj.config import project, rehearsal, targets
from koonj.config.project import find_migrations
from koonj.config.toml_file import TomlError
from koonj.config.values import (
    EMBEDDED,
    FILE_NAME,
    FOLDERS,
    ConfigError,
    KeySetting,
    Password,
    ProjectFolders,
    ProjectSettings,
    ScratchPlace,
    ScreenSettings,
    Settings,
    Target,
    ThemeSetting,
)

__all__ = [
    "EMBEDDED",
    "FILE_NAME",
    "FOLDERS",
    "ConfigError",
    "KeySetting",
    "Password",
    "ProjectFolders",
    "ProjectSettings",
    "ScratchPlace",
    "ScreenSettings",
    "Settings",
    "Target",
    "ThemeSetting",
    "find_migrations",
    "load",
    "offstage",
    "places",
]


def load(
    cwd: Path,
    *,
    migrations: Path | None = None,
    target: str | None = None,
    dsn: str | None = None,
    environ: Mapping[str, str],
) -> Settings:
    """The settings of the project around `cwd`. Writes nothing; reads koonj.toml, and libpq's service files
    where a [scratch] and a protected target might be one server. Raises ConfigError.

    `migrations`, `target` and `dsn` are the command line's. The target is the command line's `dsn`, else the
    named one, else koonj.toml's ``default`` or its first; where koonj.toml has none, DATABASE_URL, else what
    the PG* variables say.
    """
    found = project.find(cwd, migrations)
    listed = targets.listed(found, environ)
    chosen = targets.choose(found, listed, target, dsn)
    if chosen not in listed:
        listed = (chosen, *(t for t in listed if t.name != chosen.name))
    where = found.places
    try:
        scratch = rehearsal.place(found.file, where.root, listed, environ)
    except TomlError as error:
        raise ConfigError(str(error)) from error
    return Settings(where.root, where.migrations, where.patterns, listed, chosen, scratch)


def offstage(
    cwd: Path,
    *,
    migrations: Path | None = None,
    target: str | None = None,
    dsn: str | None = None,
    environ: Mapping[str, str],
) -> ProjectSettings:
    """As `load`, for what touches no target: there may be none. Raises ConfigError."""
    found = project.find(cwd, migrations)
    listed = targets.listed(found, environ)
    if listed or target is not None or dsn is not None:
        settings = load(cwd, migrations=migrations, target=target, dsn=dsn, environ=environ)
        return ProjectSettings(found.places, settings.scratch, settings.target)
    try:
        return ProjectSettings(
            found.places, rehearsal.place(found.file, found.places.root, (), environ), None
        )
    except TomlError as error:
        raise ConfigError(str(error)) from error


def places(cwd: Path, *, migrations: Path | None = None) -> ProjectFolders:
    """The folders of the project around `cwd`, for what needs no target (check, new, patterns).

    Raises ConfigError, also for mistakes in the rest of koonj.toml's top level.
    """
    return project.find(cwd, migrations).places
