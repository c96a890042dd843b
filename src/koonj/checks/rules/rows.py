"""The rule about statements that change every row of a table at once."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.checks.file_view import FileView, StatementView
from koonj.checks.model import Hit, Rule
from koonj.checks.names import last_name
from koonj.sql.problem import Severity


def _whole_table(one: StatementView, _file: FileView) -> Iterator[Hit]:
    reader = one.reader()
    verb = reader.take()
    if verb == "delete" and not reader.accept("from"):
        return
    reader.accept("only")
    table = reader.name()
    if not table or "where" in reader.top_level():
        return
    yield Hit(
        f"{verb.upper()} without WHERE locks every row of {table} until COMMIT"
        + (", and doubles the size of the table." if verb == "update" else "."),
        "Change the rows in batches that commit. If the table is small, say so with a comment: "
        "'-- koonj: ignore whole-table-write: reason'.",
        table=last_name(table),
    )


RULES = (
    Rule(
        "whole-table-write",
        Severity.WARNING,
        "UPDATE or DELETE without WHERE locks every row until COMMIT, and leaves as many dead rows.",
        frozenset({"update", "delete"}),
        _whole_table,
    ),
)
