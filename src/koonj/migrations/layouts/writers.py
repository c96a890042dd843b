"""The tools whose migrations koonj runs. Folders of all others are only read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from koonj.migrations.layouts.tool_writer import ToolWriter

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "dbmate": "dbmate_writer",
        "drizzle": "drizzle_writer",
        "flyway": "flyway_writer",
        "golang-migrate": "golang_migrate_writer",
        "goose": "goose_writer",
        "graphile-migrate": "graphile_migrate_writer",
        "liquibase": "liquibase_writer",
        "node-pg-migrate": "node_pg_migrate_writer",
        "prisma": "prisma_writer",
        "sqitch": "sqitch_writer",
        "sql-migrate": "sql_migrate_writer",
        "sqlx": "sqlx_writer",
        "supabase": "supabase_writer",
        "tern": "tern_writer",
        "yoyo": "yoyo_writer",
    }
)
"""By the name of the layout: the module with its `WRITER`."""
_UNTRIED = "koonj has not been tried beside it yet"
WHY_READ_ONLY: Mapping[str, str] = MappingProxyType(
    {
        "atlas": "its rows have hashes of the statements as Atlas itself splits them",
        "diesel": _UNTRIED,
        "refinery": _UNTRIED,
    }
)
"""By the name of each other layout: why koonj does not keep its history, as a clause."""


@cache
def writer_of(layout: str) -> ToolWriter | None:
    """Return how koonj keeps the history of a tool; None if it only reads it."""
    module = MODULES.get(layout)
    if module is None:
        return None
    writer: ToolWriter = import_module(f"koonj.migrations.layouts.{module}").WRITER
    return writer
