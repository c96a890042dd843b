"""Find problems with the names and numbers in a folder."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from koonj.migrations.migration import Migration
from koonj.migrations.names import is_one_direction, suggest
from koonj.sql.problem import Problem, Severity

_DATES = 10_000_000
"""Smallest number that is read as a date (20240131, 20240131093000). Dates have no gaps."""


def printable(name: str) -> str:
    """Return a file name that can be written as UTF-8.

    Bytes that are not UTF-8 are spelled out as ``\\udc..``.
    """
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def bad_name(name: str) -> Problem:
    """Return the problem of an invalid name that starts with a digit and ends in .sql."""
    hint = f"Rename it, for example to {suggest(name)}."
    if is_one_direction(name):
        hint += " Put the rollback into the same file, below '-- Rollback:'."
    return Problem(
        "bad-name",
        Severity.ERROR,
        "The file is ignored: its name is not NNN_description.sql (three or more digits, then a-z 0-9 _).",
        hint,
    )


def of_numbers(migrations: Sequence[Migration]) -> Iterator[tuple[str, Problem]]:
    """Yield duplicate numbers and gaps, by file. `migrations` must be sorted."""
    numbers = [m.number for m in migrations]
    if not numbers or numbers == list(range(numbers[0], numbers[0] + len(numbers))):
        return
    uses = Counter(numbers)
    if len(uses) < len(numbers):
        yield from _duplicates([m for m in migrations if uses[m.number] > 1])
    for before, after in pairwise(migrations):
        if after.number > before.number + 1 and after.number < _DATES:
            yield after.name, _gap(before.number + 1, after.number - 1)


def _duplicates(migrations: Sequence[Migration]) -> Iterator[tuple[str, Problem]]:
    for number, group in groupby(migrations, key=lambda m: m.number):
        names = [m.name for m in group]
        yield from ((name, _duplicate(number, name, names)) for name in names)


def _duplicate(number: int, name: str, names: Sequence[str]) -> Problem:
    others = ", ".join(other for other in names if other != name)
    return Problem(
        "duplicate-number",
        Severity.ERROR,
        f"Number {number:03d} is also used by {others}, so their order is undefined.",
        f"If it is the newer one, give it the next free number: koonj renumber {name}",
    )


def _gap(first: int, last: int) -> Problem:
    numbers = f"Number {first:03d} is" if first == last else f"Numbers {first:03d} to {last:03d} are"
    return Problem(
        "gap",
        Severity.NOTE,
        f"{numbers} not used.",
        "No action needed unless a file is missing.",
    )
