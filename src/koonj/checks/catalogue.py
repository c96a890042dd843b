"""All safety rules, by their codes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from koonj.checks.model import Rule
from koonj.checks.rules import (
    columns,
    constraints,
    enums,
    files,
    foreign_keys,
    identifiers,
    indexes,
    maintenance,
    partitions,
    references,
    rows,
    session,
    tables,
)

_MODULES = (
    *(indexes, constraints, columns, partitions, maintenance, rows, foreign_keys),
    *(tables, references, enums, session, identifiers, files),
)
RULES: Mapping[str, Rule] = MappingProxyType(
    {rule.code: rule for module in _MODULES for rule in module.RULES}
)
"""In the order of docs/checks.md."""
