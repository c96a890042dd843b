"""Test the summaries of a plan that come from the parse cache: shown only, and only if they can be right."""

import pytest

from koonj.migrations.migration import Migration
from koonj.runner.plan.work import make_work
from koonj.runner.run.direction import Direction

TEXT = """\
BEGIN;
CREATE TABLE a (id int);
DROP TABLE b;
COMMIT;

-- Rollback:
-- DROP TABLE a;
"""
NAMES = {Direction.APPLY: "body_summaries", Direction.ROLLBACK: "rollback_summaries"}
PARSED = {Direction.APPLY: ["create table a", "drop table b"], Direction.ROLLBACK: ["drop table a"]}


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("stored", [None, (), ("one",), ("one", "two"), ("one",) * 9])
def test_stored_summaries_are_shown_and_do_not_change_what_runs(
    direction: Direction, stored: tuple[str, ...] | None
) -> None:
    migration = Migration.from_recorded("001_a.sql", TEXT)
    if stored is not None:
        migration.__dict__[NAMES[direction]] = stored
    work = make_work(migration, direction, lock_timeout="5s")
    shown = [one.summary for one in work.planned.statements]
    fitting = stored is not None and len(stored) == len(PARSED[direction])
    assert shown == (list(stored or ()) if fitting else PARSED[direction])
    assert [n.statement.summary for step in work.steps for n in step.statements] == PARSED[direction]
    assert [one.line for one in work.planned.statements] == [
        n.statement.line for s in work.steps for n in s.statements
    ]
