"""Test the rows that a thread makes for the list: used for what they were made for, else made again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from koonj.config import Settings, Target
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.state_rules import states
from koonj.migrations.states import State
from koonj.runner.target.status import TargetStatus
from koonj.tui.state.snapshot import Listed, Snapshot

PLACE = Path("/nowhere")
TARGETS = (Target("local", "postgresql://localhost/a"), Target("other", "postgresql://localhost/b"))
START = Snapshot.initial(Settings(PLACE, PLACE, PLACE, TARGETS, TARGETS[0]))


def folder(*names: str) -> Folder:
    return Folder(PLACE, tuple(Migration.from_recorded(name, "SELECT 1;") for name in names), 0, ())


def answer(of: Folder, target: str = "local") -> TargetStatus:
    return TargetStatus(target, "", protected=False, server=None, has_history=True, migrations=states(of, ()))


def test_rows_that_were_made_for_this_state_are_used() -> None:
    files = folder("001_a.sql", "0002_b.sql")
    listed = Listed.of(files, None)
    known = START.with_folder(files, listed)
    assert known.rows is listed.rows
    assert known.digits == 4
    status = answer(files)
    made = Listed.of(files, status)
    assert known.with_check("local", status, None, made).rows is made.rows


def test_rows_for_another_folder_status_or_target_are_made_again() -> None:
    old, new = folder("001_a.sql"), folder("001_a.sql", "002_b.sql")
    status = answer(new)
    known = START.with_folder(new, Listed.of(old, None))
    assert [row.name for row in known.rows] == ["001_a.sql", "002_b.sql"]
    for listed in (Listed.of(old, status), Listed.of(new, None), None):
        answered = known.with_check("local", status, None, listed)
        assert [(row.name, row.state) for row in answered.rows] == [
            (s.name, s.state) for s in status.migrations
        ]
    other = known.with_check("other", answer(new, "other"), None, Listed.of(new, status))
    assert other.rows is known.rows


def test_a_target_with_an_error_has_rows_without_states() -> None:
    files = folder("001_a.sql")
    status = replace(answer(files), error="no answer")
    known = START.with_folder(files).with_check("local", status, None, Listed.of(files, status))
    assert [(row.name, row.state) for row in known.rows] == [("001_a.sql", None)]


def test_what_is_computed_from_a_status_is_kept_while_the_target_is_asked_again() -> None:
    """Ten thousand migrations are counted once for each answer, not for each question to six targets."""
    files = folder("001_a.sql", "002_b.sql")
    answered = START.with_folder(files).with_check("local", answer(files), None)
    facts = answered.check.facts
    assert (facts.counts.pending, facts.states, facts.exceptions) == (
        2,
        {"001_a.sql": State.PENDING, "002_b.sql": State.PENDING},
        (),
    )
    asked = answered.with_check("local", None, 1.0)
    assert asked.check.since == 1.0
    assert asked.check.facts is facts
    again = asked.with_check("local", answer(folder("001_a.sql")), None)
    assert again.check.counts.pending == 1
    assert START.check.counts.pending == 0
