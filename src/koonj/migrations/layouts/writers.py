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
        "flyway": "flyway_writer",
        "golang-migrate": "golang_migrate_writer",
        "goose": "goose_writer",
        "graphile-migrate": "graphile_migrate_writer",
        "liquibase": "liquibase_writer",
        "node-pg-migrate": "node_pg_migrate_writer",
        "sqitch": "sqitch_writer",
        "sql-migrate": "sql_migrate_writer",
        "sqlx": "sqlx_writer",
        "tern": "tern_writer",
        "yoyo": "yoyo_writer",
    }
)
"""By the name of the layout: the module with its `WRITER`."""


@cache
def writer_of(layout: str) -> ToolWriter | None:
    """Return how koonj keeps the history of a tool; None if it only reads it."""
    module = MODULES.get(layout)
    if module is None:
        return None
    writer: ToolWriter = import_module(f"koonj.migrations.layouts.{module}").WRITER
    return writer
