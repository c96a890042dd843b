"""The layouts that koonj knows. Each has a module of the same name, with its `LAYOUT`."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from koonj.migrations.layouts.layout import Layout

OWN = "koonj"
"""Name of koonj's own layout."""

MODULES = (
    "dbmate",
    "flyway",
    "golang_migrate",
    "goose",
    "liquibase",
    "node_pg_migrate",
    "refinery",
    "sql_migrate",
    "sqlx",
    "tern",
)
"""Names of the modules, in alphabetical order: one line for each tool."""


@cache
def layouts() -> tuple[Layout, ...]:
    """Return all layouts."""
    return tuple(import_module(f"koonj.migrations.layouts.{name}").LAYOUT for name in MODULES)


def layout_names() -> tuple[str, ...]:
    """Return the words that ``layout = …`` of koonj.toml can have."""
    return (OWN, *(layout.name for layout in layouts()))
