"""Which of squawk's rules koonj shows, and which of them a rule of koonj says already."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from koonj.sql.tokens import significant

_EXCLUDED = frozenset(
    {
        # They advise what harms: IF NOT EXISTS accepts an INVALID index, and a lock_timeout before
        # CONCURRENTLY leaves one.
        "prefer-robust-stmts",
        "require-lock-timeout",
        "require-statement-timeout",
        "require-timeout-settings",
        # koonj knows how the file runs.
        "transaction-nesting",
        # They report what costs nothing as well; a rehearsal measures it.
        "changing-column-type",
        "adding-not-nullable-field",
        "adding-foreign-key-constraint",
        # koonj's own rule knows more: an index of an empty view, or one that takes over those of partitions.
        "require-concurrent-index-creation",
        # They say of any such statement that it may break clients. koonj's own rules say it where nothing
        # before has prepared the drop or the new name.
        "ban-alter-identity",
        "ban-drop-column",
        "ban-drop-constraint",
        "ban-drop-default",
        "ban-drop-function",
        "ban-drop-not-null",
        "ban-drop-table",
        "ban-drop-type",
        "ban-drop-view",
        "ban-set-schema",
    }
)
_EXCLUDED_STARTS = (
    "prefer-",  # which type or syntax is nicer
    "renaming-",  # as above
)

SAID_BY_KOONJ: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "adding-field-with-default": frozenset({"column-rewrites"}),
        "adding-required-field": frozenset({"column-not-null"}),
        "adding-serial-primary-key-field": frozenset({"column-rewrites", "constraint-builds-index"}),
        "ban-concurrent-index-creation-in-transaction": frozenset({"refused-in-transaction"}),
        "ban-truncate-cascade": frozenset({"truncate"}),
        "ban-uncommitted-transaction": frozenset({"open-transaction"}),
        "constraint-missing-not-valid": frozenset({"check-scans", "foreign-key-scans"}),
        "disallowed-unique-constraint": frozenset({"constraint-builds-index"}),
        "require-concurrent-reindex": frozenset({"reindex-not-concurrent"}),
    }
)
"""For a rule of squawk: the codes of koonj that say the same about a statement."""


def is_shown(rule: str, marked: str) -> bool:
    """Return whether koonj shows a finding. `marked`: the text that it marks."""
    if rule == "constraint-missing-not-valid":
        return not _builds_index(marked)  # PostgreSQL knows NOT VALID for CHECK and foreign keys only
    return rule not in _EXCLUDED and not rule.startswith(_EXCLUDED_STARTS)


def _builds_index(marked: str) -> bool:
    words = [token.text.lower() for token in significant(marked)]
    if words[1:2] == ["constraint"]:
        del words[1:3]  # the word and the name
    return words[1:2] in (["unique"], ["exclude"], ["primary"])
