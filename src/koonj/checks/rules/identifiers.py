"""The rule about names that PostgreSQL cuts."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.checks.file_view import FileView, StatementView
from koonj.checks.model import Hit, Rule
from koonj.checks.names import NAME_KINDS
from koonj.sql.called_names import bare
from koonj.sql.problem import Severity

LONGEST = 63
"""Bytes of a name that PostgreSQL keeps: NAMEDATALEN - 1."""


def _too_long(one: StatementView, _file: FileView) -> Iterator[Hit]:
    if len(one.text) <= LONGEST // 4:
        return
    for token in one.tokens:
        if token.kind not in NAME_KINDS or token.end - token.start <= LONGEST // 4:
            continue
        if token.text[:2].lower() == "u&":
            continue
        name = bare(token).encode(errors="replace")
        if len(name) > LONGEST:
            cut = name[:LONGEST].decode(errors="ignore")
            yield Hit(
                f"PostgreSQL cuts this name of {len(name)} bytes to {len(cut.encode())}: {cut}",
                f"Choose a name of at most {LONGEST} bytes.",
                at=token.start,
            )
            return


RULES = (
    Rule(
        "long-identifier",
        Severity.WARNING,
        "PostgreSQL cuts a name of more than 63 bytes, and only prints a notice.",
        frozenset({"create", "alter", "comment", "drop"}),
        _too_long,
    ),
)
