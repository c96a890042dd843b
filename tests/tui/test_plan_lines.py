"""A measured plan on the screen: the words of the command, with a style for the impact."""

from __future__ import annotations

import pytest

from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import Plan, PlannedLock, PlannedMigration, PlannedStatement
from koonj.sql.transactions import Mode
from koonj.tui.render.plan_lines import plan_lines
from koonj.tui.theme import DIM, PLAIN, WARNING

SENTENCE = "ACCESS EXCLUSIVE on documents (12 GB, 40 M rows), rewrites it: reads and writes wait"


def _plan(weight: int, verdict: str | None) -> Plan:
    lock = PlannedLock(
        "public.documents", "table", "ACCESS EXCLUSIVE", True, False, 1, 1, weight, SENTENCE, "2 wait for one"
    )
    statement = PlannedStatement(1, 4, "alter table documents", True, None if verdict is None else (lock,))
    migration = PlannedMigration(
        "016_x.sql",
        Direction.APPLY,
        True,
        Mode.ONE_TRANSACTION,
        "one transaction",
        (statement,),
        verdict=verdict,
        verdict_message="Why.",
    )
    return Plan("local", Direction.APPLY, False, "PostgreSQL 18.6", (migration,))


@pytest.mark.parametrize(("weight", "looks"), [(1, DIM), (2, PLAIN), (3, WARNING)])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_lock_is_shown_completely_in_the_style_of_its_impact(weight: int, looks: object, width: int) -> None:
    lines = plan_lines(_plan(weight, "verified"), "", width)
    texts = ["".join(text for text, _ in line) for line in lines]
    assert all(len(text) <= width for text in texts)
    assert SENTENCE in " ".join(text.strip() for text in texts)
    (place,) = (number for number, text in enumerate(texts) if "ACCESS EXCLUSIVE" in text)
    assert {style for _, style in lines[place]} == {looks}
    assert "2 wait for one" in [text.strip() for text in texts]


def test_verdict_is_shown_when_the_migration_was_rehearsed() -> None:
    def said(verdict: str | None) -> list[object]:
        return [
            (text.strip(), style)
            for line in plan_lines(_plan(1, verdict), "", 80)
            for text, style in line
            if "rehearsal:" in text or "rehearsed" in text
        ]

    assert said(None) == []
    assert said("verified") == [("rehearsal: verified (Why)", DIM)]
    assert said("incomplete") == [("rehearsal: incomplete (Why)", WARNING)]
    assert said("unknown") == [("rehearsal: unknown (Why)", WARNING)]
