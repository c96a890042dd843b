"""Which rules read a rollback, and which rollbacks surely have no finding.

A rollback takes back what the file itself does: dropping what the file creates is its task. What it does to
others is the same as in a migration: it blocks them, fails at their rows, or drops what it does not name.
"""

from __future__ import annotations

import re
from functools import cache

from koonj.checks.model import Hit, Rule
from koonj.migrations.migration import Migration

_READS = frozenset(
    {
        *("index-not-concurrent", "index-if-not-exists", "reindex-not-concurrent"),
        *("foreign-key-scans", "check-scans", "not-null-scans", "constraint-builds-index"),
        *("validate-in-same-transaction", "column-rewrites", "column-not-null", "type-rewrites"),
        *("refresh-not-concurrent", "table-rewrites", "lock-table", "whole-table-write"),
        *("drop-column", "drop-table", "drop-cascade", "truncate", "enum-value-used"),
    }
)
"""Codes of the rules that read rollbacks. The others are about names and the form of a file."""
_DROPS = frozenset({"drop-column", "drop-table"})
_MARK = re.compile(r"^--+[ \t]*rollback[ \t]*:", re.MULTILINE)


def reads(rule: Rule) -> bool:
    """Return whether a rule reads rollbacks."""
    return rule.code in _READS


def takes_back(rule: Rule, hit: Hit, body: str) -> bool:
    """Return whether a hit is about something that the body names, and the rollback's task is to drop it.

    `body`: in lower case.
    """
    return rule.code in _DROPS and hit.condition[-1].lower() in body


def surely_nothing(migration: Migration) -> bool:
    """Return whether the rollback of a plain file surely has no finding."""
    text = migration.raw.decode(errors="replace").lower()
    mark = _MARK.search(text)
    if mark is None:
        return True
    body, rollback = text[: mark.start()], text[mark.end() :]
    if _suspect().search(rollback) is not None:
        return False
    return all((found[1] or found[2]) in body for found in _dropped().finditer(rollback))


@cache
def _suspect() -> re.Pattern[str]:
    """Return the pattern for what a rule could report in a rollback in lower case, without drops."""
    return re.compile(
        r"""\b(?:cascade|set\s+not\s+null|type|check|foreign|references|unique|primary|exclude|validate|truncate
          |lock|vacuum|cluster|refresh|reindex|logged|unlogged|tablespace|access|value|serial\w*|bigserial
          |generated|not\s+null|(?:create\s+)index|gen_\w+|uuid\w*|random\w*|nextval|clock_timestamp|timeofday
          |drop\s+table\s[^;]*,
          |(?:update|delete\s+from)\b(?:(?!\bwhere\b)[^;]){0,4000};)""",
        re.VERBOSE,
    )


@cache
def _dropped() -> re.Pattern[str]:
    """Return the pattern for what a rollback in lower case drops: a table or a column."""
    return re.compile(
        r"""\bdrop\s+table\s+(?:if\s+exists\s+)?(?:[\w$"]+\s*\.\s*)?"?([\w$]+)
          |\bdrop\s+(?!table\b|index\b|constraint\b|view\b|function\b|trigger\b|type\b|policy\b|sequence\b)
            (?:column\s+)?(?:if\s+exists\s+)?"?([\w$]+)""",
        re.VERBOSE,
    )
