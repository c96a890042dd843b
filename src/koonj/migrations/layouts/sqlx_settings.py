"""What a project of Rust says about sqlx: its dependency, and the table and the checksums in sqlx.toml.

Source: sqlx 9d6bf662, sqlx-core/src/config/migrate.rs.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass

from koonj.migrations.layouts.cargo_manifest import depends_on
from koonj.migrations.layouts.folder_listing import FolderListing

_IDENTIFIER = re.compile(r'"((?:[^"]|"")+)"|([A-Za-z_][\w$]*)')


@dataclass(frozen=True, slots=True)
class SqlxSettings:
    """The part ``[migrate]`` of sqlx.toml, with sqlx's defaults."""

    table: str = "_sqlx_migrations"
    schema: str | None = None
    ignored: str = ""
    """Characters that do not count in checksums."""


def sqlx_settings(listing: FolderListing) -> SqlxSettings:
    """Return the settings. A file that is not valid counts as empty: sqlx does not start with it."""
    try:
        data = tomllib.loads(listing.configuration("sqlx.toml") or "")
    except tomllib.TOMLDecodeError:
        return SqlxSettings()
    migrate = data.get("migrate", {})
    if not isinstance(migrate, dict):
        return SqlxSettings()
    names = identifiers(str(migrate.get("table-name", SqlxSettings().table)))
    ignored = migrate.get("ignored-chars", ())
    return SqlxSettings(
        names[-1] if names else SqlxSettings().table,
        names[0] if len(names) > 1 else None,
        "".join(map(str, ignored)) if isinstance(ignored, list) else "",
    )


def identifiers(text: str) -> tuple[str, ...]:
    """Return the names of a qualified identifier as PostgreSQL reads them: ``ops."Log"`` is ops and Log."""
    return tuple(
        found[1].replace('""', '"') if found[1] else found[2].lower() for found in _IDENTIFIER.finditer(text)
    )


def sign_of_sqlx(listing: FolderListing) -> str | None:
    """Return the file above the folder that only a project with sqlx has; None if there is none."""
    for name in ("sqlx.toml", ".sqlx"):
        if listing.has_above(name):
            return name
    return "Cargo.toml with sqlx" if depends_on(listing, "sqlx") else None
