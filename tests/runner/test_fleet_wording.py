"""The sentence at the end of a fleet's run."""

from __future__ import annotations

import pytest

from koonj.runner.fleet.wording import ended_words
from koonj.runner.process.process_wording import CONTINUE
from koonj.runner.run.direction import Direction
from koonj.runner.run.fleet_events import Outcome, TargetResult

UP, FAILED = Outcome.UP_TO_DATE, Outcome.FAILED
ENDS = {
    (UP,): "The target is up to date.",
    (UP, UP): "All 2 targets are up to date.",
    (FAILED,): f"The target is not up to date: 1 failed. {CONTINUE}",
    (FAILED, FAILED): f"No target is up to date; 2 failed. {CONTINUE}",
    (UP, FAILED): f"1 of 2 targets is up to date; 1 failed. {CONTINUE}",
    (UP, UP, FAILED): f"2 of 3 targets are up to date; 1 failed. {CONTINUE}",
}


@pytest.mark.parametrize("outcomes", ENDS)
def test_numbers_and_verbs_agree(outcomes: tuple[Outcome, ...]) -> None:
    results = [TargetResult(f"t{number}", outcome) for number, outcome in enumerate(outcomes)]
    said = ended_words(results, Direction.APPLY)
    assert said == f"Applied 0 migrations on 0 targets. {ENDS[outcomes]}"
