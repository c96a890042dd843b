"""The path that Liquibase records for a changeset: the one with which it was called. Only its rows say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from koonj.migrations.layouts.liquibase_changeset import SEPARATOR
from koonj.migrations.layouts.liquibase_states import liquibase_rows, matched_rows, path_parts
from koonj.migrations.layouts.tool_history import ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration


def recorded_paths(migrations: Sequence[ToolMigration], history: ToolHistory) -> Mapping[str, str]:
    """Return the path that is or would be recorded, by the version of the changeset.

    Of a changeset without a row it is the one that it names (logicalFilePath), or that of the other rows of
    its file. Where these have several, or there are none, it is left out.
    """
    paths: dict[str, str] = {}
    of_file: dict[str, set[str]] = {}
    for row, one in matched_rows(migrations, liquibase_rows(history)).items():
        paths[one.version] = row.path
        if _named_path(one) is None:
            of_file.setdefault(one.up.file, set()).add(row.path)
    for one in migrations:
        if one.version in paths:
            continue
        named, known = _named_path(one), of_file.get(one.up.file, set())
        if named is not None:
            paths[one.version] = named
        elif len(known) == 1:
            paths[one.version] = next(iter(known))
    return paths


def _named_path(migration: ToolMigration) -> str | None:
    """Return the path that the changeset or its file names; None if it names none."""
    path = migration.version.rsplit(SEPARATOR, 2)[0]
    return None if path == migration.up.file else "/".join(path_parts(path))
