"""Format a drift report as lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from koonj.humanize import count
from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.catalog.compare import top_level
from koonj.postgres.catalog.difference_wording import describe
from koonj.runner.drift.report import DriftReport
from koonj.runner.rehearse.rehearsal_wording import ddl_diff

_SHORT = 80
"""Characters of a definition that is shown on one line with its object's name."""


@dataclass(frozen=True, slots=True)
class DriftText:
    """Formatter of a drift report."""

    verbose: bool
    """Whether to show the parts and the DDL of objects that exist on one side only."""

    def lines(self, drift: DriftReport) -> Iterator[str]:
        """Yield what was compared, notes, each difference, and the number of differences."""
        ran = f"{count(drift.migrations, 'applied migration')}, run on {drift.scratch}"
        yield f"comparing {drift.target} ({drift.server}) with {ran}"
        yield from (f"note: {note}" for note in drift.notes)
        differences = drift.differences if self.verbose else top_level(drift.differences)
        yield from self.difference_lines(drift.target, differences)
        yield _summary(drift, differences)

    def difference_lines(self, target: str, differences: Sequence[Difference]) -> Iterator[str]:
        """Yield each difference, by the side that has the object."""
        one_side = [d for d in differences if d.expected is None or d.actual is None]
        yield from self._group(f"only on {target}:", (d for d in one_side if d.expected is None))
        yield from self._group(f"missing on {target}:", (d for d in one_side if d.actual is None))
        both = [d for d in differences if d.expected is not None and d.actual is not None]
        yield from self._group(f"different (- expected, + actual on {target}):", both)

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
        if not _has_details(difference, lines):
            yield f"  {name}"
        elif len(lines) == 1 and len(lines[0]) <= _SHORT:
            yield f"  {name}: {lines[0]}"
        else:
            yield f"  {name}"
            if self.verbose:
                yield from (f"      {line}" for line in lines)


def _has_details(difference: Difference, lines: list[str]) -> bool:
    """Return whether the definition contains more than the object's kind and name."""
    return lines not in ([], [f"CREATE {difference.kind.upper()} {difference.identity}"])


def _summary(drift: DriftReport, shown: Iterable[Difference]) -> str:
    if not drift.differences:
        compared = count(drift.objects, "object")
        return f"no drift: {compared} on {drift.target} match the applied migrations"
    return f"drift: {count(len(tuple(shown)), 'difference')}"
