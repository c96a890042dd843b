"""The rule about attaching a table that PostgreSQL must read first."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.checks.conditions import UNCHECKED_CHILD
from koonj.checks.file_view import FileView, StatementView
from koonj.checks.model import Claim, Hit, Rule
from koonj.checks.names import last_name
from koonj.checks.rules import offers
from koonj.sql.problem import Severity
from koonj.sql.reader import Reader


def _attach(one: StatementView, _file: FileView) -> Iterator[Hit]:
    alter = one.alter
    if alter is None:
        return
    for action in alter.actions:
        reader = Reader(one.text[action.at :])
        child = reader.name() if reader.accept("attach", "partition") else ""
        if not child or reader.accept("default"):
            continue
        yield Hit(
            f"ATTACH PARTITION reads every row of {child} while reads and writes of it wait.",
            "First add a CHECK with the bounds of the partition NOT VALID, and VALIDATE it in a separate "
            "transaction. Then attach, and drop the CHECK.",
            at=action.at,
            table=last_name(child),
            condition=(UNCHECKED_CHILD, last_name(child)),
            claim=Claim.SCAN,
            pattern=offers.partition(one, alter, action, child),
        )


RULES = (
    Rule(
        "attach-scans",
        Severity.WARNING,
        "ATTACH PARTITION of a table without a CHECK blocks the table while it reads every row.",
        frozenset({"alter"}),
        _attach,
    ),
)
