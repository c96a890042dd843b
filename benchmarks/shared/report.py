"""Tables of times, with ratios and goals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """The most that koonj may take: `factor` times what another program takes, and `more` seconds."""

    factor: float
    beside: str
    more: float = 0.0

    def words(self, times: Mapping[str, float]) -> str:
        """Return the goal, and whether koonj reaches it, as text."""
        text = f"goal: {self.factor:g} x {self.beside}" + (f" + {self.more * 1000:g} ms" if self.more else "")
        if self.beside not in times or "koonj" not in times:
            return f"{text}, which was not measured"
        most = times[self.beside] * self.factor + self.more
        verdict = "met" if times["koonj"] <= most else "NOT met"
        return f"{text} = {_time(most)}: {verdict} (koonj {times['koonj'] / times[self.beside]:.2f} x)"


@dataclass(frozen=True, slots=True)
class Limit:
    """The most seconds that koonj may take, whatever others take."""

    seconds: float

    def words(self, times: Mapping[str, float]) -> str:
        """Return the goal, and whether koonj reaches it, as text."""
        verdict = "met" if times["koonj"] <= self.seconds else "NOT met"
        return f"goal: {_time(self.seconds)}: {verdict}"


def print_rows(
    task: str, times: Mapping[str, float], goal: Goal | Limit | None, notes: Mapping[str, str] | None = None
) -> None:
    """Print the time of each program, its ratio to koonj's, and the goal."""
    print(f"  {task}" + (f"   {goal.words(times)}" if goal else ""))
    for name, seconds in times.items():
        ratio = f"koonj takes {times['koonj'] / seconds:5.2f} x" if name != "koonj" else ""
        note = "" if notes is None else notes.get(name, "")
        print(f"    {name:18}{_time(seconds):>10}   {ratio:22} {note}".rstrip())


def _time(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
