"""Read koonj.toml and the environment into Settings and Targets."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from koonj.config import project, rehearsal, targets
from koonj.config.check_levels import NO_CHECKS, CheckSettings
from koonj.config.project import find_migrations
from koonj.config.settings import (
    EMBEDDED,
    FILE_NAME,
    FOLDERS,
    ConfigError,
    Password,
    ProjectFolders,
    ProjectSettings,
    ScratchPlace,
    Settings,
    Ssh,
    Target,
    Trust,
)
from koonj.config.toml_file import TomlError
from koonj.config.trust import trust_of

__all__ = [
    "EMBEDDED",
    "FILE_NAME",
    "FOLDERS",
    "CheckSettings",
    "ConfigError",
    "Password",
    "ProjectFolders",
    "ProjectSettings",
    "ScratchPlace",
    "Settings",
    "Ssh",
    "Target",
    "Trust",
    "check_settings",
    "find_migrations",
    "load",
    "load_without_target",
    "project_folders",
    "read_trust",
]


def load(
    cwd: Path,
    *,
    migrations: Path | None = None,
    target: str | None = None,
    dsn: str | None = None,
    environ: Mapping[str, str],
) -> Settings:
    """Return the settings of the project around `cwd`. Writes nothing.

    It reads koonj.toml, and libpq's service files if [scratch] and a protected target could be the same
    server.

    Args:
        cwd: the working directory.
        migrations: the folder from the command line.
        target: the target's name from the command line.
        dsn: the connection string from the command line.
        environ: the environment variables.

    The target is the command line's `dsn`, then `target`, then ``default`` of koonj.toml, then its first
    target. If koonj.toml has no targets, it is DATABASE_URL, then the PG* variables.

    Raises:
        ConfigError: the configuration or an argument cannot be used.
    """
    found = project.find(cwd, migrations, environ)
    listed = targets.listed(found, environ)
    chosen = targets.choose(found, listed, target, dsn, environ)
    if chosen not in listed:
        listed = (chosen, *(t for t in listed if t.name != chosen.name))
    where = found.places
    try:
        scratch = rehearsal.place(found.file, where.root, listed, environ)
    except TomlError as error:
        raise ConfigError(str(error)) from error
    listed = tuple(targets.with_history(one, found, environ) for one in listed)
    chosen = targets.with_history(chosen, found, environ)
    checks = found.checks()
    if checks != NO_CHECKS:
        listed = tuple(replace(one, checks=checks) for one in listed)
        chosen = replace(chosen, checks=checks)
    settings = Settings(
        where.root, where.migrations, where.patterns, listed, chosen, scratch, layout=where.layout
    )
    return settings.trusting(trust_of(where, listed, scratch, environ))


def load_without_target(
    cwd: Path,
    *,
    migrations: Path | None = None,
    target: str | None = None,
    dsn: str | None = None,
    environ: Mapping[str, str],
) -> ProjectSettings:
    """Return the settings for a command that does not use a target.

    The arguments are those of `load`. The target is None if there is none.

    Raises:
        ConfigError: the configuration or an argument cannot be used.
    """
    found = project.find(cwd, migrations, environ)
    listed = targets.listed(found, environ)
    if listed or target is not None or dsn is not None:
        settings = load(cwd, migrations=migrations, target=target, dsn=dsn, environ=environ)
        return ProjectSettings(found.places, settings.scratch, settings.target)
    try:
        scratch = rehearsal.place(found.file, found.places.root, (), environ)
    except TomlError as error:
        raise ConfigError(str(error)) from error
    trust = trust_of(found.places, (), scratch, environ)
    return ProjectSettings(found.places, replace(scratch, trusted=trust.given), None)


def read_trust(
    cwd: Path, *, migrations: Path | None, environ: Mapping[str, str]
) -> tuple[project.Project, Trust]:
    """Return the project around `cwd` and whether it is trusted, even if other users own it.

    Raises:
        ConfigError: the configuration or an argument cannot be used.
    """
    found = project.find(cwd, migrations, environ, trusts=True)
    declared = targets.listed(found, {})
    try:
        scratch = rehearsal.place(found.file, found.places.root, declared, environ)
    except TomlError as error:
        raise ConfigError(str(error)) from error
    return found, trust_of(found.places, declared, scratch, environ)


def project_folders(
    cwd: Path, *, migrations: Path | None = None, environ: Mapping[str, str] = os.environ
) -> ProjectFolders:
    """Return the folders of the project, for commands that need no target.

    Such commands are check, new and patterns.

    Raises:
        ConfigError: a folder is missing, or the top level of koonj.toml has an error.
    """
    return project.find(cwd, migrations, environ).places


def check_settings(cwd: Path, *, migrations: Path | None, environ: Mapping[str, str]) -> CheckSettings:
    """Return what koonj.toml says about the safety rules.

    Raises:
        ConfigError: [checks] is invalid.
    """
    return project.find(cwd, migrations, environ).checks()
