"""Where koonj is interrupted: every place of a recorded run, every COMMIT, and inside the statements that take long."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from support.faults.batch_runner import BatchFaultRunner, SteppedBatchFaultRunner
from support.faults.fault_runner import Fault, Interruption
from support.faults.full_disk import FullDiskRunner
from support.faults.tunnel_runner import TunnelFaultRunner
from support.frame_proxy import Boundary, Place
from support.frames import Message, Sender

_ROWS = {"DataRow", "ParameterStatus", "RowDescription"}
"""Messages of the server that are never the last of an answer."""
_REFUSED = ("CONCURRENTLY", "CALL ")
LONGEST = 0.012
"""Seconds after a message; the statements here take up to this long."""


def protocol(messages: Sequence[Message], seed: int) -> list[Fault]:
    """Kill koonj or cut its connection before, inside and after every message, in both directions."""
    del seed
    whats = (Interruption.KILL, Interruption.CUT)
    return [Fault(what, boundary) for boundary in _boundaries(messages) for what in whats]


def _boundaries(messages: Sequence[Message]) -> Iterator[Boundary]:
    counts = dict.fromkeys(Sender, 0)
    for message in messages:
        counts[message.sender] += 1
        if message.kind in _ROWS:
            continue
        # After a message of the server is before the next one.
        last = (Place.AFTER,) if message.sender is Sender.CLIENT else ()
        for place in (Place.BEFORE, Place.INSIDE, *last):
            yield Boundary(message.sender, counts[message.sender], place)


def lost_commits(messages: Sequence[Message], seed: int) -> list[Fault]:
    """Lose every COMMIT, or its answer; the server notices it at once, or later."""
    del seed
    whats = (Interruption.CUT, Interruption.HALF_OPEN, Interruption.KILL)
    return [
        Fault(what, Boundary(sender, number, Place.BEFORE))
        for sender in (Sender.SERVER, Sender.CLIENT)
        for number in _numbers(messages, sender, lambda m: m.text.rstrip(";") == "COMMIT")
        for what in whats
    ]


def ended_sessions(messages: Sequence[Message], seed: int) -> list[Fault]:
    """End the server's session before and after every message of koonj."""
    del seed
    return _at_every_query(messages, Interruption.ENDED, Place.BEFORE, Place.AFTER)


def overtaken(messages: Sequence[Message], seed: int) -> list[Fault]:
    """End the server's session at every message of koonj, and let another koonj complete the run before it sees that."""
    del seed
    return _at_every_query(messages, Interruption.OVERTAKEN, Place.BEFORE, Place.AFTER)


def asked(messages: Sequence[Message], seed: int) -> list[Fault]:
    """Ask `koonj status` at every message of koonj."""
    del seed
    return _at_every_query(messages, Interruption.ASKED, Place.BEFORE)


def stopped(messages: Sequence[Message], seed: int) -> list[Fault]:
    """Stop koonj at its every message, and continue it later."""
    del seed
    return _at_every_query(messages, Interruption.STOPPED, Place.BEFORE, Place.AFTER)


def crashed(messages: Sequence[Message], seed: int) -> list[Fault]:
    """Crash the server before and after every message of koonj."""
    del seed
    return _at_every_query(messages, Interruption.CRASHED, Place.BEFORE, Place.AFTER)


def full(messages: Sequence[Message], seed: int) -> list[Fault]:
    """Fill the disk of the server at every message of koonj, for a moment."""
    del seed
    whats = (Interruption.FULL, Interruption.WAL_FULL)
    return [fault for what in whats for fault in _at_every_query(messages, what, Place.BEFORE)]


def together(messages: Sequence[Message], seed: int) -> list[Fault]:
    """Start 1 to 7 other runs at every message of koonj; koonj goes on, or is killed."""
    chance = random.Random(seed)
    faults = [
        fault
        for what in (Interruption.JOINED, Interruption.LEFT)
        for fault in _at_every_query(messages, what, Place.BEFORE)
    ]
    return [replace(fault, others=chance.randint(1, 7)) for fault in faults]


def _at_every_query(messages: Sequence[Message], what: Interruption, *places: Place) -> list[Fault]:
    numbers = _numbers(messages, Sender.CLIENT, lambda m: m.kind not in {"Startup", "Terminate"})
    return [Fault(what, Boundary(Sender.CLIENT, number, place)) for number in numbers for place in places]


def aimed(messages: Sequence[Message], seed: int, count: int = 500) -> list[Fault]:
    """Interrupt at random moments of the statements that PostgreSQL refuses in a transaction."""
    chance = random.Random(seed)
    refused = _numbers(
        messages,
        Sender.CLIENT,
        lambda m: m.kind in {"Query", "Parse"} and any(word in m.text[:80] for word in _REFUSED),
    )
    whats = (Interruption.KILL, Interruption.ENDED, Interruption.CUT)
    return [
        Fault(
            whats[n % 3],
            Boundary(Sender.CLIENT, chance.choice(refused), Place.AFTER),
            delay=chance.uniform(0.0, LONGEST),
        )
        for n in range(count)
    ]


def tunnel(messages: Sequence[Message], seed: int, count: int = 50) -> list[Fault]:
    """Kill the ssh of the tunnel, or koonj, at random moments of the run; four of five times it is ssh."""
    chance = random.Random(seed)
    sent = _numbers(messages, Sender.CLIENT, lambda m: m.kind not in {"Startup", "Terminate"})
    return [
        Fault(
            Interruption.KILL if n % 5 == 4 else Interruption.TUNNEL,
            Boundary(Sender.CLIENT, chance.choice(sent), chance.choice((Place.BEFORE, Place.AFTER))),
            delay=chance.uniform(0.0, LONGEST),
        )
        for n in range(count)
    ]


def batch(messages: Sequence[Message], seed: int) -> list[Fault]:
    """Interrupt `koonj apply --batch` at all places, in all of these ways."""
    parts = (protocol, lost_commits, ended_sessions, stopped, crashed)
    return [fault for part in parts for fault in part(messages, seed)]


def _numbers(messages: Sequence[Message], sender: Sender, wanted: Callable[[Message], bool]) -> list[int]:
    """Return which messages of the sender are wanted, counted from 1."""
    sent = [message for message in messages if message.sender is sender]
    return [number for number, message in enumerate(sent, start=1) if wanted(message)]


PARTS = {
    "protocol": protocol,
    "commits": lost_commits,
    "ended": ended_sessions,
    "aimed": aimed,
    "overtaken": overtaken,
    "asked": asked,
    "stopped": stopped,
    "crashed": crashed,
    "together": together,
    "full": full,
    "tunnel": tunnel,
    "batch": batch,
    "stepped": batch,
}
RUNNERS = {
    "full": FullDiskRunner,
    "tunnel": TunnelFaultRunner,
    "batch": BatchFaultRunner,
    "stepped": SteppedBatchFaultRunner,
}
"""What runs in a part; FaultRunner if it is not here."""
