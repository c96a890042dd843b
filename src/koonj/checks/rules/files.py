"""Rules about a file as a whole: its transactions, and whether it is about one thing."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.checks.file_view import FileView, StatementView
from koonj.checks.model import Hit, Rule
from koonj.sql.problem import Severity

_NO_VERB = frozenset[str]()
_MOST = 12
"""Tables that are compared with each other."""


def _no_begin(one: StatementView, file: FileView) -> Iterator[Hit]:
    if file.is_wrapped or len(file.statements) < 2:
        return
    yield Hit(
        "The statements have no BEGIN and COMMIT. koonj runs them in one transaction; psql -f commits each.",
        "Write BEGIN; before the first and COMMIT; after the last statement.",
    )


def _several_tables(one: StatementView, file: FileView) -> Iterator[Hit]:
    """Yield a hit for the first ALTER TABLE of a second, unrelated table in one transaction."""
    seen: dict[int, dict[str, list[StatementView]]] = {}
    for other in file.statements:
        alter = other.alter
        if alter is not None and other.transaction is not None and alter.table not in file.all_made:
            seen.setdefault(other.transaction, {}).setdefault(alter.table, []).append(other)
    for tables in seen.values():
        names = sorted(tables)[:_MOST]
        pairs = [(a, b) for at, a in enumerate(names) for b in names[at + 1 :]]
        if not pairs or any(_related(a, b, tables, file) for a, b in pairs):
            continue
        second = list(tables.values())[1][0]
        yield Hit(
            f"One transaction changes {len(names)} unrelated tables: {', '.join(names)}. It holds the locks "
            "on all of them until COMMIT.",
            "Write one file for each table.",
            of=second,
        )
        return


def _related(a: str, b: str, tables: dict[str, list[StatementView]], file: FileView) -> bool:
    """Return whether a statement names both tables, or the same is done to both."""
    if any(a in one.names and b in one.names for one in file.statements):
        return True
    return bool(_done(tables[a]) & _done(tables[b]))


def _done(statements: list[StatementView]) -> set[tuple[str, ...]]:
    return {action.words[:4] for one in statements if one.alter is not None for action in one.alter.actions}


RULES = (
    Rule(
        "no-transaction",
        Severity.NOTE,
        "Without BEGIN and COMMIT, psql commits each statement, and a failure leaves half of the file.",
        _NO_VERB,
        _no_begin,
    ),
    Rule(
        "several-tables",
        Severity.NOTE,
        "A transaction on several unrelated tables holds the locks on all of them until COMMIT.",
        _NO_VERB,
        _several_tables,
    ),
)
