"""A folder and a history that another tool has written, in a database."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from koonj.migrations.folder import Folder
from koonj.migrations.layouts.tool_migration import ToolMigration

TRUTH = Path(__file__).parents[1] / "layouts" / "truth"


@dataclass(frozen=True)
class ToolTruth:
    """What is recorded of one tool."""

    tool: str
    recorded: Mapping[str, Any]

    @staticmethod
    def of(tool: str) -> ToolTruth:
        return ToolTruth(tool, json.loads((TRUTH / tool / "history.json").read_text(encoding="utf-8")))

    def copy_to(self, root: Path) -> Path:
        """Copy the tool's files, and return the folder of migrations."""
        shutil.copytree(TRUTH / self.tool, root, ignore=shutil.ignore_patterns("history.json"))
        return root / str(self.recorded["folder"])

    def put(self, dsn: str, moment: Mapping[str, Any]) -> None:
        """Leave the history in the database as the tool has left it at a moment."""
        with psycopg.connect(dsn) as conn:
            for schema in self.recorded.get("schemas", ()):
                conn.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}".encode())
            conn.execute(f"DROP TABLE IF EXISTS {self.recorded['table']} CASCADE".encode())
            conn.execute(self.recorded["ddl"].encode())
            if moment["rows"]:
                conn.execute(moment["rows"].encode())


def tools() -> list[str]:
    """Return the tools with a folder of truth."""
    return sorted(path.parent.name for path in TRUTH.glob("*/history.json"))


def migrations_of(folder: Folder) -> list[ToolMigration]:
    """Return the migrations of another tool's folder."""
    assert all(isinstance(one, ToolMigration) for one in folder.migrations)
    return [one for one in folder.migrations if isinstance(one, ToolMigration)]
