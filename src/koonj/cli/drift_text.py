"""What was found of drift, in lines for stdout."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from koonj.humanize import count
from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.catalog.compare import top_level
from koonj.postgres.catalog.difference_wording import describe
from koonj.runner.drift.report import DriftReport
from koonj.runner.rehearse.rehearsal_wording import ddl_diff

_SHORT = 80
"""Characters of a definition that has room behind its object's name."""


@dataclass(frozen=True, slots=True)
class DriftText:
    """Turns a finding into lines."""

    verbose: bool
    """The parts of what is there on one side only, and its DDL."""

    def lines(self, drift: DriftReport) -> Iterator[str]:
        """Against what it was compared, what is to be known, each difference, and how many."""
        ran = f"{count(drift.migrations, 'applied migration')}, run on {drift.scratch}"
        yield f"{drift.target} ({drift.server}) against {ran}"
        yield from (f"note: {note}" for note in drift.notes)
        differences = drift.differences if self.verbose else top_level(drift.differences)
        one_side = [d for d in differences if d.expected is None or d.actual is None]
        yield from self._group(f"only on {drift.target}:", (d for d in one_side if d.expected is None))
        yield from self._group("only in the files:", (d for d in one_side if d.actual is None))
        both = [d for d in differences if d.expected is not None and d.actual is not None]
        yield from self._group(f"different (- the files, + {drift.target}):", both)
        yield _counted(drift, differences)

    def _group(self, title: str, differences: Iterable[Difference]) -> Iterator[str]:
        for first, difference in enumerate(differences):
            if first == 0:
                yield title
            if difference.expected is None or difference.actual is None:
                yield from self._one_sided(difference)
            else:
                yield f"  {describe(difference)}"
                if not difference.order_only:
                    yield from (f"    {sign} {line}" for sign, line in ddl_diff(difference))

    def _one_sided(self, difference: Difference) -> Iterator[str]:
        name = f"{difference.kind} {difference.identity}"
        lines = (difference.expected or difference.actual or "").rstrip().splitlines()
        if not _tells(difference, lines):
            yield f"  {name}"
        elif len(lines) == 1 and len(lines[0]) <= _SHORT:
            yield f"  {name}: {lines[0]}"
        else:
            yield f"  {name}"
            if self.verbose:
                yield from (f"      {line}" for line in lines)


def _tells(difference: Difference, lines: list[str]) -> bool:
    """Does the definition say more than the name does?"""
    return lines not in ([], [f"CREATE {difference.kind.upper()} {difference.identity}"])


def _counted(drift: DriftReport, shown: Iterable[Difference]) -> str:
    if not drift.differences:
        compared = count(drift.objects, "object")
        return f"no drift: {compared} on {drift.target}, all as the applied files make them"
    return f"drift: {count(len(tuple(shown)), 'difference')}"
