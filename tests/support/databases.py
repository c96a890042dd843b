"""Several databases that are the targets of one project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from support.command import CommandResult, Project


@dataclass
class Databases:
    """Targets on one server, and the project whose koonj.toml declares them."""

    project: Project
    dsns: dict[str, str]

    def configure(self, **keys: str) -> None:
        """Write koonj.toml. `keys`: more lines of a target."""
        tables = (
            f'[targets.{name}]\ndsn = "{dsn}"\n{keys.get(name, "")}\n' for name, dsn in self.dsns.items()
        )
        (self.project.root / "koonj.toml").write_text('migrations = "migrations"\n' + "".join(tables))

    def apply(self, *argv: str) -> CommandResult:
        return self.project.koonj("apply", *argv)

    def sql(self, target: str, text: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsns[target], autocommit=True) as conn:
            cursor = conn.execute(text.encode())
            return cursor.fetchall() if cursor.description is not None else []

    def applied(self, target: str) -> list[str]:
        """Return the names of the successful runs in the history, in their order."""
        found = self.sql(target, "SELECT to_regclass('koonj.history') IS NOT NULL")
        if found == [(False,)]:
            return []
        query = "SELECT name FROM koonj.history WHERE action = 'apply' AND outcome = 'done' ORDER BY id"
        return [name for (name,) in self.sql(target, query)]


def without_password(dsn: str) -> str:
    return make_conninfo("", **{k: v for k, v in conninfo_to_dict(dsn).items() if k != "password"})
