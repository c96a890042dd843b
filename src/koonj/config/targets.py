"""Read the targets from koonj.toml, DATABASE_URL or PG*, and choose one."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from koonj.config import dsn as dsn_rules
from koonj.config.ci import in_ci
from koonj.config.duration import milliseconds
from koonj.config.password import password_of
from koonj.config.project import Project, has_dbmate
from koonj.config.rehearsal import requires_by_default, requires_verified
from koonj.config.settings import (
    EMBEDDED,
    ENV_FILE,
    FILE_NAME,
    LOCK_WAIT,
    LOCK_WAIT_IN_CI,
    ConfigError,
    Ssh,
    Target,
)
from koonj.config.toml_file import TomlError, TomlFile, did_you_mean

_KEYS = (
    "dsn",
    "protected",
    "lock_timeout",
    "lock_wait",
    "max_stall",
    "role",
    "password",
    "ssh",
    "database",
    "policy",
    "colour",
)
_COLOURS = ("cyan", "green", "yellow", "magenta", "red", "blue")
_PLACES = ("PGSERVICE", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER")
"""The variables of libpq that choose a database.

Source: https://www.postgresql.org/docs/current/libpq-envars.html
"""


def listed(project: Project, environ: Mapping[str, str]) -> tuple[Target, ...]:
    """Return koonj.toml's targets; if it has none, those of the environment.

    Raises:
        ConfigError: koonj.toml or a variable is invalid.
    """
    if project.file is not None:
        try:
            declared = _declared(project.file, project.places.root, _lock_wait(environ))
        except TomlError as error:
            raise ConfigError(str(error)) from error
        if declared:
            return declared
    return _of_environment(environ, project)


def choose(
    project: Project, known: Sequence[Target], name: str | None, dsn: str | None, environ: Mapping[str, str]
) -> Target:
    """Return the chosen target.

    Raises:
        ConfigError: there is no such target, or `name` and `dsn` are both given.
    """
    if dsn is not None:
        if name is not None:
            raise ConfigError("Use either --target or --dsn, not both.")
        if not dsn.strip():
            raise ConfigError(
                "--dsn is empty. Check that the variable you passed is set, or omit --dsn "
                "to use the target from koonj.toml or the environment."
            )
        return _from_outside("dsn", "--dsn", dsn, project, environ)
    if name is not None:
        return _named(known, name, f"--target {name}")
    default = _default(project.file, known)
    if default is not None:
        return default
    if not known:
        raise ConfigError(
            f"No target is configured. Add one to {FILE_NAME} (koonj init creates it), use --dsn DSN "
            "(--dsn embedded starts koonj's own server), or set DATABASE_URL or PGDATABASE."
        )
    return known[0]


def _named(known: Sequence[Target], name: str, origin: str) -> Target:
    for target in known:
        if target.name == name:
            return target
    raise ConfigError(f"{origin}: no such target. {did_you_mean(name, [t.name for t in known])}")


def _default(file: TomlFile | None, known: Sequence[Target]) -> Target | None:
    """Return the target that ``default`` of koonj.toml names."""
    if file is None:
        return None
    try:
        name = file.get(("default",), str)
    except TomlError as error:
        raise ConfigError(str(error)) from error
    return (
        None
        if name is None
        else _named(known, name, f"{file.shown}:{file.line(('default',))}: default = {name!r}")
    )


def _of_environment(environ: Mapping[str, str], project: Project) -> tuple[Target, ...]:
    found = []
    if url := environ.get("DATABASE_URL"):
        found.append(_from_outside("DATABASE_URL", "DATABASE_URL", url, project, environ))
    elif url := _url_of_dbmate(project, environ):
        target = _from_outside(ENV_FILE, f"DATABASE_URL in {ENV_FILE}", url, project, environ)
        found.append(replace(target, of_folder=True))
    if any(environ.get(name) for name in _PLACES):
        policy = _policy(project)
        found.append(Target("environment", "", lock_wait=_lock_wait(environ), require_verified=policy))
    return tuple(found)


def _url_of_dbmate(project: Project, environ: Mapping[str, str]) -> str:
    """Return DATABASE_URL of the ``.env`` in a folder of dbmate; empty if there is none."""
    if not (project.places.root / ENV_FILE).exists():
        return ""
    from koonj.config.tool_environment import URL, has_marker, read_environment  # noqa: PLC0415 - seldom needed

    if not has_marker(project.places.migrations):
        return ""
    return read_environment(project.places.root, environ).values.get(URL, "")


def with_history(known: Target, project: Project, environ: Mapping[str, str]) -> Target:
    """Return the target with the table that DBMATE_MIGRATIONS_TABLE names, in the environment or ``.env``."""
    if known.history is not None or not has_dbmate(project.places.root, environ):
        return known
    from koonj.config.tool_environment import TABLE, read_environment  # noqa: PLC0415 - seldom needed
    from koonj.config.tool_url import dbmate_history  # noqa: PLC0415 - as above

    table = read_environment(project.places.root, environ).values.get(TABLE, "")
    return replace(known, history=dbmate_history(table))


def _policy(project: Project) -> bool:
    """Return what koonj.toml requires of a target that is not in it.

    Raises:
        ConfigError: the policy is invalid.
    """
    try:
        return requires_by_default(project.file)
    except TomlError as error:
        raise ConfigError(str(error)) from error


def _from_outside(name: str, origin: str, dsn: str, project: Project, environ: Mapping[str, str]) -> Target:
    """Return a target of the command line or the environment; it can have a password.

    Raises:
        ConfigError: the connection string is invalid.
    """
    wrong = dsn_rules.mistake(dsn)
    if wrong is not None:
        raise ConfigError(f"{origin}: {wrong}")
    database = database_name(project.places.root) if dsn == EMBEDDED else ""
    wait, policy, history = _lock_wait(environ), _policy(project), None
    if "?" in dsn:
        from koonj.config.tool_url import translated  # noqa: PLC0415 - most have no parameters

        url = translated(dsn)
        dsn, history = url.dsn, url.history
    return Target(name, dsn, lock_wait=wait, database=database, require_verified=policy, history=history)


def _lock_wait(environ: Mapping[str, str]) -> str:
    """Return the default: nobody looks who is in the way of a CI job, which costs as long as it waits."""
    return LOCK_WAIT_IN_CI if in_ci(environ) else LOCK_WAIT


def _declared(file: TomlFile, root: Path, lock_wait: str) -> tuple[Target, ...]:
    """Return koonj.toml's targets in order.

    Raises:
        TomlError: a target is invalid.
    """
    return tuple(_target(file, name, root, lock_wait) for name in file.table(("targets",)))


def _target(file: TomlFile, name: str, root: Path, lock_wait: str) -> Target:
    keys = ("targets", name)
    if not name.strip() or not name.isprintable():
        file.fail(keys, "a target must have a name of printable characters.")
    file.only(keys, _KEYS)
    dsn = file.get((*keys, "dsn"), str)
    if dsn is None:
        file.fail(keys, f'target {name!r} has no dsn. Write dsn = "embedded" or a connection string.')
    wrong = dsn_rules.mistake(dsn) or dsn_rules.secret(dsn)
    if wrong is not None:
        file.fail((*keys, "dsn"), wrong)
    protected = file.get((*keys, "protected"), bool) or False
    return Target(
        name,
        dsn,
        protected=protected,
        lock_timeout=_duration(file, (*keys, "lock_timeout"), "5s"),
        lock_wait=_duration(file, (*keys, "lock_wait"), lock_wait),
        max_stall=_max_stall(file, (*keys, "max_stall")),
        role=_role(file, (*keys, "role")),
        password=password_of(file, (*keys, "password"), root, dsn),
        ssh=_ssh(file, (*keys, "ssh"), dsn, root),
        database=_database(file, (*keys, "database"), dsn, root),
        require_verified=requires_verified(file, keys, protected=protected),
        colour=_colour(file, (*keys, "colour")),
        declared=True,
        project=str(root.resolve()),
    )


def _colour(file: TomlFile, keys: tuple[str, ...]) -> str:
    given = file.get(keys, str) or ""
    if given and given not in _COLOURS:
        file.fail(keys, f"colour = {given!r} must be one of {', '.join(_COLOURS)}.")
    return given


def _duration(file: TomlFile, keys: tuple[str, ...], default: str) -> str:
    given = file.get(keys, str)
    if given is None:
        return default
    if milliseconds(given) is None:
        file.fail(
            keys,
            f"{given!r} is not a duration. Use for example '5s', '500ms' or '2min'; '0' means no limit.",
        )
    return given


def _max_stall(file: TomlFile, keys: tuple[str, ...]) -> str | None:
    given = file.get(keys, str)
    if given is not None and not milliseconds(given):
        file.fail(
            keys,
            f"{given!r} is not a duration of at least 1ms. Use for example '500ms' or '2s'. "
            "It cannot be without limit.",
        )
    return given


def _ssh(file: TomlFile, keys: tuple[str, ...], dsn: str, root: Path) -> Ssh | None:
    if keys[-1] not in file.table(keys[:-1]):
        return None
    from koonj.config.ssh import ssh_of  # noqa: PLC0415 - few targets have one

    return ssh_of(file, keys, dsn, root)


def _role(file: TomlFile, keys: tuple[str, ...]) -> str | None:
    role = file.get(keys, str)
    if role is not None and (not role or "\0" in role):
        file.fail(keys, "role must be the name of a role. To use no role, delete the line.")
    return role


def _database(file: TomlFile, keys: tuple[str, ...], dsn: str, root: Path) -> str:
    given = file.get(keys, str)
    if dsn != EMBEDDED:
        if given is not None:
            file.fail(
                keys, 'database is only for dsn = "embedded". For other targets, write dbname=… in dsn.'
            )
        return ""
    if given is None:
        return database_name(root)
    if not given or "\0" in given or len(given.encode()) > _NAME_BYTES:
        file.fail(keys, f"database must be a name with 1 to {_NAME_BYTES} bytes.")
    return given


_NAME_BYTES = 63
"""PostgreSQL truncates longer identifiers (NAMEDATALEN - 1)."""


def database_name(root: Path) -> str:
    """Return the name of a project's database on the embedded server.

    It is the name of the project's folder and six digits of the hash of its path.
    """
    path = root.resolve()
    slug = re.sub(r"[^a-z0-9]+", "_", path.name.lower()).strip("_")[:50] or "koonj"
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()
    return f"{slug}_{digest[:6]}"
