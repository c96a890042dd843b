"""A conflict that a request allows by its name lets no other conflict with the same state pass."""

from __future__ import annotations

import pytest

from koonj.runner.run.conflict import Conflict, decisive_first
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from koonj.runner.run.request import AllowedConflict, Request
from support.project import Project, run_finished


async def test_only_the_named_conflict_is_allowed(project: Project) -> None:
    project.table(3)
    await project.apply()
    project.table(1)
    project.table(2)
    one = AllowedConflict("001_make_t1.sql", "late", "one")
    refused = run_finished(await project.apply(allowed=(one,)))
    assert refused.result is RunResult.REFUSED
    assert [conflict.name for conflict in refused.conflicts] == ["002_make_t2.sql"]


def test_an_allowed_conflict_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="requires reasons"):
        Request(Direction.APPLY, allowed=(AllowedConflict("001_a.sql", "late", " "),))


def test_the_decisive_conflict_comes_first() -> None:
    states = ("late", "odd", "reordered", "lossy", "edited", "missing", "late")
    conflicts = [Conflict(str(place), state, "", "", can_allow=True) for place, state in enumerate(states)]
    fixed = Conflict("x", "duplicate_number", "", "", can_allow=False)
    found = [(conflict.name, conflict.state) for conflict in decisive_first([*conflicts, fixed])]
    assert found == [
        ("x", "duplicate_number"),
        ("5", "missing"),
        ("4", "edited"),
        ("3", "lossy"),
        ("0", "late"),
        ("6", "late"),
        ("2", "reordered"),
        ("1", "odd"),
    ]
