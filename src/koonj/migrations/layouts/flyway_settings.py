"""The settings of Flyway that change how it reads a folder, from flyway.toml or flyway.conf.

Source: Flyway 7.15.0 and 13.12.1, ConfigUtils and the reference of its parameters.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from koonj.migrations.layouts.folder_listing import FolderListing

TOML = ("flyway.toml", "conf/flyway.toml", "flyway.user.toml")
CONF = ("flyway.conf", "conf/flyway.conf")
"""Names of the files, seen from the folder of migrations or from one above it."""

_PROPERTY = re.compile(r"^[ \t]*flyway\.([A-Za-z.]+)[ \t]*[=:][ \t]*(.*?)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class FlywaySettings:
    """The settings, with Flyway's defaults."""

    table: str = "flyway_schema_history"
    schema: str | None = None
    """Schema of the history; None: the current one."""
    versioned: str = "V"
    repeatable: str = "R"
    undo: str = "U"
    baseline: str = "B"
    """What the names of the four kinds of migrations start with."""
    separator: str = "__"
    suffixes: tuple[str, ...] = (".sql",)
    placeholder: tuple[str, str] | None = ("${", "}")
    """What stands around the name of a placeholder; None: placeholders are not replaced."""
    mixed: bool = False
    """Whether a file may have statements that need a transaction beside others that refuse one."""
    out_of_order: bool = False
    """Whether a migration is applied although a later one is applied."""
    installed_by: str = ""
    """Who has applied a migration, for the history; empty: the role that is connected."""
    locations: tuple[str, ...] = ()
    """From where Flyway reads the files; empty if the settings do not say it."""
    not_followed: str = ""
    """A setting that koonj does not follow, so that it runs nothing; empty if there is none."""


def flyway_settings(listing: FolderListing) -> FlywaySettings:
    """Return the settings. A file that is not valid counts as empty: Flyway does not start with it."""
    given = _given(listing)
    schemas = given.get("schemas", "").split(",")
    prefix, suffix = given.get("placeholderPrefix", "${"), given.get("placeholderSuffix", "}")
    default = FlywaySettings()
    return FlywaySettings(
        table=given.get("table", default.table),
        schema=given.get("defaultSchema") or schemas[0].strip() or None,
        versioned=given.get("sqlMigrationPrefix", default.versioned),
        repeatable=given.get("repeatableSqlMigrationPrefix", default.repeatable),
        undo=given.get("undoSqlMigrationPrefix", default.undo),
        baseline=given.get("baselineMigrationPrefix", default.baseline),
        separator=given.get("sqlMigrationSeparator", default.separator),
        suffixes=tuple(given.get("sqlMigrationSuffixes", ".sql").split(",")),
        placeholder=None if given.get("placeholderReplacement") == "false" else (prefix, suffix),
        mixed=given.get("mixed") == "true",
        out_of_order=given.get("outOfOrder") == "true",
        installed_by=given.get("installedBy", ""),
        locations=tuple(filter(None, map(str.strip, given.get("locations", "").split(",")))),
        not_followed=next((name for name, value in given.items() if _matters(name, value)), ""),
    )


def is_unread(name: str, value: str) -> bool:
    """Return whether koonj does not follow a setting in the file beside a migration (``V1__a.sql.conf``)."""
    if name == "encoding":
        return not _is_utf_8(value)
    return name not in {"executeInTransaction", "placeholderReplacement"}


def _is_utf_8(encoding: str) -> bool:
    return encoding.upper() in {"UTF-8", "UTF8"}


def _matters(name: str, value: str) -> bool:
    """Return whether a setting changes what Flyway runs or records, in a way that koonj does not follow."""
    if name == "encoding":
        return not _is_utf_8(value)
    if name == "executeInTransaction":
        return value == "false"
    return name in _OTHERS and value not in {"", "false"}


_OTHERS = frozenset(
    {
        *("callbacks", "callbackLocations", "cherryPick", "initSql", "javaMigrationClassProvider"),
        *("resolvers", "skipDefaultResolvers", "skipExecutingMigrations", "target"),
    }
)


def has_settings(listing: FolderListing) -> str | None:
    """Return the name of a file with settings of Flyway; None if there is none."""
    return next((name for name in (*TOML, *CONF) if listing.has_above(name)), None)


def properties(text: str) -> dict[str, str]:
    """Return the settings of a flyway.conf, without ``flyway.`` before their names.

    Values with a variable of the environment are left out: koonj does not know what Flyway is started with.
    """
    return {key: value for key, value in _PROPERTY.findall(text) if value and "${env." not in value}


def _given(listing: FolderListing) -> Mapping[str, str]:
    """Return what the settings say, as texts. A flyway.toml is used alone, as Flyway does."""
    for name in TOML:
        if (text := listing.configuration(name)) is not None:
            return _toml(text)
    for name in CONF:
        if (text := listing.configuration(name)) is not None:
            return properties(text)
    return {}


def _toml(text: str) -> dict[str, str]:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}
    flyway = _table(data.get("flyway"))
    environment = _table(_table(data.get("environments")).get(str(flyway.get("environment", "default"))))
    found = {**environment, **flyway}
    return {
        key: _as_text(value)
        for key, value in found.items()
        if not isinstance(value, dict) and "${env." not in str(value)
    }


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _as_text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
