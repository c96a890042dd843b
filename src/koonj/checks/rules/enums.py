"""The rule about an enum value that is used in the transaction that adds it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.checks.file_view import FileView, StatementView
from koonj.checks.model import Hit, Rule
from koonj.checks.names import last_name
from koonj.sql.display import visible
from koonj.sql.literals import string_value
from koonj.sql.problem import Severity
from koonj.sql.tokens import TokenKind

_USES = frozenset({"insert", "update", "delete", "select", "merge", "alter"})


def _added_value(one: StatementView) -> tuple[str, str] | None:
    """Return type and value of an ALTER TYPE … ADD VALUE; None for another statement."""
    reader = one.reader()
    if not reader.accept("alter", "type"):
        return None
    name = last_name(reader.name())
    if not reader.accept("add", "value"):
        return None
    reader.accept("if", "not", "exists")
    token = reader.token()
    return (name, string_value(token.text)) if token is not None and token.kind is TokenKind.STRING else None


def _used(one: StatementView, file: FileView) -> Iterator[Hit]:
    if one.transaction is None or not file.adds_enum_value:
        return
    if _added_value(one) is not None:
        return
    before = list(file.before(one))
    added = filter(None, map(_added_value, before))
    values = {value: name for name, value in added if not _makes_type(before, name)}
    for token in one.tokens:
        value = string_value(token.text) if token.kind is TokenKind.STRING else ""
        if value in values:
            yield Hit(
                f"PostgreSQL refuses '{visible(value)}' in the transaction that adds it to the type "
                f"{values[value]} (SQLSTATE 55P04).",
                "Move ALTER TYPE … ADD VALUE to an earlier file, or write COMMIT; and BEGIN; after it.",
                tool_hint="Move ALTER TYPE … ADD VALUE to an earlier file.",
                at=token.start,
            )
            return


def _makes_type(before: Sequence[StatementView], name: str) -> bool:
    for one in before:
        reader = one.reader()
        if reader.accept("create", "type") and last_name(reader.name()) == name:
            return True
    return False


RULES = (
    Rule(
        "enum-value-used",
        Severity.WARNING,
        "PostgreSQL refuses to use an enum value in the transaction that adds it.",
        _USES,
        _used,
    ),
)
