"""koonj is interrupted at many places of a run: nothing it said or recorded is untrue, and the run can be completed.

A sample of benchmarks/reliability.py, which tries all places. docs/reliability.md says what is tried and what is checked.
"""

import random
from collections.abc import Sequence
from itertools import zip_longest

import pytest

from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.faults.completion import DECISIONS, REPAIRS
from support.faults.fault_runner import Fault, FaultRunner, Interruption
from support.faults.places import PARTS, RUNNERS
from support.frames import Message
from support.sshd import USABLE

pytestmark = [pytest.mark.faults, pytest.mark.slow]

SHARES = 4
"""Tests per part with many trials, so that several processes share them."""
TRIALS = (
    {"protocol": 24, "commits": 24, "ended": 8, "aimed": 16}
    | dict.fromkeys(("asked", "overtaken", "stopped", "crashed", "together"), 2)
    | {"tunnel": 4, "batch": 12, "stepped": 12}
)


def _sample(part: str, messages: Sequence[Message], share: int = 0, shares: int = 1) -> list[Fault]:
    """Return a share of a sample that is the same in each process, with as many of each kind of interruption."""
    by_kind: dict[Interruption, list[Fault]] = {}
    for fault in PARTS[part](messages, 0):
        by_kind.setdefault(fault.what, []).append(fault)
    chance = random.Random(part)
    mixed = zip_longest(*(chance.sample(faults, len(faults)) for faults in by_kind.values()))
    chosen = [fault for row in mixed for fault in row if fault is not None]
    return chosen[: TRIALS[part]][share::shares]


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("part", ["protocol", "commits", "ended", "aimed"])
def test_nothing_is_untrue_after_an_interruption(
    fault_runner: FaultRunner, messages: list[Message], part: str, share: int
) -> None:
    for fault in _sample(part, messages, share, SHARES):
        outcome = fault_runner.run(fault)
        assert outcome.at, f"not reached: {fault}"
        assert not outcome.violations, f"{fault}, at {outcome.at!r}"
        assert set(outcome.decisions) <= DECISIONS, f"{fault}, at {outcome.at!r}"
        assert set(outcome.repairs) <= REPAIRS, f"{fault}, at {outcome.at!r}"


@pytest.mark.parametrize("share", range(2))
def test_status_is_true_during_a_run(fault_runner: FaultRunner, messages: list[Message], share: int) -> None:
    for fault in _sample("asked", messages, share, 2):
        assert not fault_runner.run(fault).violations, str(fault)


@pytest.mark.parametrize("share", range(2))
def test_late_run_says_what_is_recorded_now(
    fault_runner: FaultRunner, messages: list[Message], share: int
) -> None:
    for fault in _sample("overtaken", messages, share, 2):
        assert not fault_runner.run(fault).violations, str(fault)


@pytest.mark.parametrize("share", range(2))
@pytest.mark.parametrize("part", ["stopped", "crashed", "together"])
def test_others_and_the_server_interrupt_too(
    fault_runner: FaultRunner, messages: list[Message], part: str, share: int
) -> None:
    """koonj is stopped and continued, the server crashes, or up to eight runs start at once."""
    for fault in _sample(part, messages, share, 2):
        outcome = fault_runner.run(fault)
        assert outcome.at, f"not reached: {fault}"
        assert not outcome.violations, f"{fault}, at {outcome.at!r}"
        assert set(outcome.decisions) <= DECISIONS, f"{fault}, at {outcome.at!r}"


@pytest.mark.skipif(not USABLE, reason="no sshd on this machine")
def test_nothing_is_untrue_after_the_death_of_a_tunnel(fault_server: TemporaryServer) -> None:
    with RUNNERS["tunnel"](fault_server) as runner:
        for fault in _sample("tunnel", runner.record()):
            outcome = runner.run(fault)
            assert outcome.at, f"not reached: {fault}"
            assert not outcome.violations, f"{fault}, at {outcome.at!r}"
            assert set(outcome.decisions) <= DECISIONS, f"{fault}, at {outcome.at!r}"


@pytest.mark.parametrize("part", ["batch", "stepped"])
def test_batch_is_applied_as_a_whole_or_not_at_all(fault_server: TemporaryServer, part: str) -> None:
    with RUNNERS[part](fault_server) as batch_runner:
        for fault in _sample(part, batch_runner.record()):
            outcome = batch_runner.run(fault)
            assert outcome.at, f"not reached: {fault}"
            assert not outcome.violations, f"{fault}, at {outcome.at!r}"
            assert not outcome.decisions, f"{fault}, at {outcome.at!r}"
