"""Several targets: waves, and streams of events that are read side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial

import pytest

from koonj.runner.fleet.groups import plan_groups
from koonj.runner.fleet.side_by_side import side_by_side
from koonj.runner.fleet.waves import Waves
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Cancelling, Event
from koonj.runner.run.planned import Plan
from koonj.runner.run.target_event import TargetEvent


@pytest.mark.parametrize(
    ("text", "waves"),
    [
        ("1,rest", ["a", "bcdef"]),
        ("1, 2, rest", ["a", "bc", "def"]),
        ("1,2", ["a", "bc", "def"]),
        ("rest", ["abcdef"]),
        ("4,9,rest", ["abcd", "ef"]),
    ],
)
def test_waves(text: str, waves: list[str]) -> None:
    assert Waves.of(text).of_targets("abcdef") == tuple(map(tuple, waves))


@pytest.mark.parametrize("text", ["", "0", "1,,2", "-1", "rest,1", "1.5", "²"])
def test_what_is_no_list_of_waves(text: str) -> None:
    with pytest.raises(ValueError, match="is not a list of numbers such as 1,5,rest"):
        Waves.of(text)


class Streams:
    """Streams of two events each; a stream ends when `together` of them are open."""

    def __init__(self, together: int) -> None:
        self.open = self.most = 0
        self._barrier = asyncio.Barrier(together)

    async def stream(self, name: str) -> AsyncIterator[Event]:
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            yield TargetEvent(name, Cancelling())
            await self._barrier.wait()
            yield TargetEvent(name, Cancelling())
        finally:
            self.open -= 1


def test_sizes_and_commands_in_notes_make_no_group() -> None:
    large = "It goes through bastion by ssh, and reads a table of {} GB. To run it there, run: koonj apply --dsn {}"
    notes = {
        "first": (large.format(1.5, "host=a"),),
        "second": (large.format(20, "host=b"),),
        "third": ("The role cannot.",),
    }
    plans = {
        name: Plan(name, Direction.APPLY, False, "server", (), notes=found) for name, found in notes.items()
    }
    assert [group.targets for group in plan_groups(plans)] == [("first", "second"), ("third",)]


def test_the_name_of_the_target_in_a_note_makes_no_group() -> None:
    note = "{} is protected, but its connection is not (no TLS)."
    plans = {
        name: Plan(name, Direction.APPLY, True, "server", (), notes=(note.format(name),))
        for name in ("tenant-a", "tenant-b", "s")
    }
    assert [group.targets for group in plan_groups(plans)] == [("tenant-a", "tenant-b", "s")]


async def names_of(events: AsyncIterator[Event]) -> list[str]:
    return [event.target async for event in events if isinstance(event, TargetEvent)]


async def test_streams_are_read_side_by_side_within_a_limit() -> None:
    streams = Streams(together=2)
    works = [partial(streams.stream, name) for name in "abcd"]
    names = await asyncio.wait_for(names_of(side_by_side(works, 2, lambda: True)), 60)
    assert sorted(names) == list("aabbccdd")
    assert streams.most == 2


async def test_no_stream_starts_when_it_does_not_go_on() -> None:
    streams = Streams(together=1)
    works = [partial(streams.stream, name) for name in "abc"]
    assert await names_of(side_by_side(works, 1, lambda: not streams.most)) == ["a", "a"]


async def test_an_error_that_no_stream_handles_is_raised_and_nothing_stays_open() -> None:
    streams = Streams(together=9)  # never: the others would wait for ever

    async def fails() -> AsyncIterator[Event]:
        yield TargetEvent("x", Cancelling())
        raise LookupError

    with pytest.raises(LookupError):
        await names_of(side_by_side([fails], 1, lambda: True))
    works = [partial(streams.stream, name) for name in "ab"]
    async with aclosing(side_by_side(works, 2, lambda: True)) as events:  # type: ignore[type-var]
        async for _ in events:
            break
    assert streams.open == 0
