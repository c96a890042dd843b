"""Complete an interrupted run as its user would: with what koonj offers, or by hand where it offers nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import psycopg

from koonj.cli.main import COMMANDS
from support.faults.invariants import read_recorded
from support.faults.mixed_folder import EFFECTS, MIXED, read_truth
from support.fork_server import Ended

HAS_SETTLE = "settle" in COMMANDS
_KINDS = frozenset(effect.kind for effect in EFFECTS)
DECISIONS = frozenset({"CALL"}) if HAS_SETTLE else _KINDS
"""Kinds of statements about which a person may have to decide after an interruption."""
REPAIRS = _KINDS - {"S", "B", "CALL"}
"""Kinds of statements of which `koonj settle --repair` may have to remove what they left."""
ATTEMPTS = 4


class Koonj(Protocol):
    """Run koonj on the target of the trial."""

    def __call__(self, *argv: str) -> Ended: ...


@dataclass
class Completion:
    """How the run was completed."""

    decisions: list[str] = field(default_factory=list)
    """Kind of each statement about which a person had to decide."""
    repairs: list[str] = field(default_factory=list)
    """Kind of each statement that `koonj settle --repair` repaired."""
    by_hand: list[str] = field(default_factory=list)
    """Kind of each statement whose effect a person had to undo first."""
    runs: list[Ended] = field(default_factory=list)


def complete(connection: psycopg.Connection, koonj: Koonj) -> Completion:
    """Apply again until nothing is pending. What a person has to do for it is counted."""
    result = Completion()
    for _ in range(ATTEMPTS):
        ended = koonj("apply", "--all", "--yes", "--json")
        result.runs.append(ended)
        if ended.code == 0:
            break
        _decide(connection, koonj, result)
    return result


def _decide(connection: psycopg.Connection, koonj: Koonj, result: Completion) -> None:
    entry = read_recorded(connection).get(MIXED)
    if entry is None or entry.done >= len(EFFECTS):
        return
    index = entry.done + 1
    seen, effect = read_truth(connection).statements, EFFECTS[index - 1]
    if HAS_SETTLE:
        choice = _choice(index, seen[index - 1])
        (result.repairs if choice == ("--repair",) else result.decisions).append(effect.kind)
        result.runs.append(koonj("settle", MIXED, "--json", *choice))
        return
    result.decisions.append(effect.kind)
    if seen[index - 1] in {"done", "half"} and effect.kind != "CALL":
        result.by_hand.append(effect.kind)
        _undo(connection, index, seen[index - 1])
    if entry.outcome == "started":
        result.runs.append(
            koonj("apply", "--all", "--yes", "--json", "--allow", "interrupted", "--reason", "looked at it")
        )


def _choice(index: int, seen: str) -> tuple[str, ...]:
    """Return the options of `koonj settle` for what a person sees in the database."""
    if EFFECTS[index - 1].kind == "CALL" or seen == "not":
        return "--again", str(index)
    if seen == "done":
        return "--done", str(index), "--reason", "looked at it"
    return ("--repair",)


def _undo(connection: psycopg.Connection, index: int, seen: str) -> None:
    effect = EFFECTS[index - 1]
    undone = [EFFECTS[n - 1] for n in range(1, len(EFFECTS) + 1) if EFFECTS[n - 1].kind == "B"]
    for each in undone if effect.kind == "B" else [effect]:
        if each.kind != "DETACH" or seen == "half":
            connection.execute(each.undo.encode())
    if effect.kind == "DETACH":
        connection.execute("ALTER TABLE logs ATTACH PARTITION logs_1 FOR VALUES FROM (1) TO (100)")
