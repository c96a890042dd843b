"""Names of Flyway's files: ``V1.2__add_users.sql``, ``R__views.sql``.

Source: Flyway 7.15.0, ResourceNameParser and MigrationVersion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from koonj.migrations.layouts.flyway_settings import FlywaySettings

_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_CALLBACK = re.compile(r"(?:before|after)[A-Z][A-Za-z]*|createSchema")


class Kind(StrEnum):
    """What a file is for Flyway."""

    VERSIONED = "versioned"
    REPEATABLE = "repeatable"
    """Runs after the versioned ones, and again each time it has changed."""
    UNDO = "undo"
    """Takes a versioned one back. Only paid editions run it."""
    BASELINE = "baseline"
    """Stands for all versions up to its own. Only paid editions run it."""
    CALLBACK = "callback"
    """Runs before or after what Flyway does."""


@dataclass(frozen=True, slots=True)
class FlywayName:
    """A name of a file that Flyway knows."""

    kind: Kind
    version: str = ""
    """With dots, as it is stored; empty if the kind has none, or if Flyway cannot read it."""
    description: str = ""


def version_key(version: str) -> tuple[int, ...]:
    """Return by what a version is sorted: its parts as numbers, without zeros at the end. 1 is 1.0 and 01."""
    parts = [int(part) for part in version.split(".")]
    while len(parts) > 1 and parts[-1] == 0:
        parts.pop()
    return tuple(parts)


def is_version(text: str) -> bool:
    """Return whether Flyway can read a version."""
    return _VERSION.fullmatch(text) is not None


def flyway_name(name: str, settings: FlywaySettings) -> FlywayName | None:
    """Return what a file name says; None if Flyway ignores the file."""
    stem = _stem(name, settings)
    if stem is None:
        return None
    callback = _CALLBACK.match(stem)
    if callback is not None:
        rest = stem[callback.end() :]
        return FlywayName(Kind.CALLBACK) if not rest or rest.startswith(settings.separator) else None
    prefixes = (
        (settings.versioned, Kind.VERSIONED),
        (settings.repeatable, Kind.REPEATABLE),
        (settings.undo, Kind.UNDO),
        (settings.baseline, Kind.BASELINE),
    )
    for prefix, kind in sorted(prefixes, key=lambda pair: len(pair[0]), reverse=True):
        if stem.startswith(prefix):
            return _named(stem.removeprefix(prefix), kind, settings)
    return None


def _stem(name: str, settings: FlywaySettings) -> str | None:
    """Return the name without its suffix; the case of the suffix does not count."""
    for suffix in settings.suffixes:
        if suffix and name.lower().endswith(suffix.lower()):
            return name[: -len(suffix)]
    return None


def _named(rest: str, kind: Kind, settings: FlywaySettings) -> FlywayName | None:
    before, _, after = rest.partition(settings.separator)
    description = after.replace("_", " ")
    if kind is Kind.REPEATABLE:
        return FlywayName(kind, "", description) if not before and after else None
    version = before.replace("_", ".")
    if not before or not (after or before[0].isdigit()):
        return None
    return FlywayName(kind, version if is_version(version) else "", description)
