"""Load the patterns of migrations: koonj's own and the project's.

Each pattern is one ``.sql`` file. ``docs/patterns.md`` describes its format.
"""

import sys
from collections.abc import Iterable, Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from koonj.patterns.model import Field, FieldErrors, FieldKind, Pattern, PatternFile, PatternProblem
from koonj.patterns.reader import PatternFileError, read_pattern
from koonj.patterns.render import defaults, render
from koonj.sql.problem import Problem, Severity

__all__ = [
    "GROUPS",
    "LIBRARY",
    "Field",
    "FieldErrors",
    "FieldKind",
    "Pattern",
    "PatternFile",
    "PatternProblem",
    "defaults",
    "load",
    "render",
]

LIBRARY = Path(__file__).parent / "library"
"""The folder of koonj's own patterns; inside the file if koonj runs from koonj.pyz."""


def load(*folders: Path) -> tuple[tuple[Pattern, ...], tuple[PatternProblem, ...]]:
    """Return all patterns, sorted by group, place and key, and the problems of invalid files.

    koonj's own library is read first; its tests check what it generates. A pattern in `folders` replaces an
    earlier one with the same key. A folder does not have to exist. An invalid file replaces nothing, not even
    a built-in pattern with the same key.
    """
    found: dict[str, Pattern] = {}
    problems: list[PatternProblem] = []
    for file, is_own in _files(folders):
        try:
            pattern = read_pattern(file, generates=not is_own)
        except PatternFileError as error:
            problems += [PatternProblem(Path(str(file)), problem) for problem in error.problems]
        else:
            found[pattern.key] = pattern
    problems += [_no_later(pattern) for pattern in found.values() if pattern.later not in {None, *found}]
    return tuple(sorted(found.values(), key=_order)), tuple(problems)


GROUPS = ("Tables", "Columns", "Constraints", "Indexes", "Data", "Code", "Access")
"""The groups of koonj's own patterns, in the order of lists. Other groups come after them."""


def _order(pattern: Pattern) -> tuple[int, str, int, str]:
    group = GROUPS.index(pattern.group) if pattern.group in GROUPS else len(GROUPS)
    return group, pattern.group, pattern.place or sys.maxsize, pattern.key


def _no_later(pattern: Pattern) -> PatternProblem:
    message = f"No pattern {pattern.later!r}, which is to come later."
    return PatternProblem(pattern.path, Problem("pattern", Severity.ERROR, message, "Correct -- later:."))


def _files(folders: Iterable[Path]) -> Iterator[tuple[Traversable, bool]]:
    """Yield each file, and whether it is koonj's own."""
    own = (file for file in (files(__package__) / "library").iterdir() if file.name.endswith(".sql"))
    yield from ((file, True) for file in sorted(own, key=lambda file: file.name))
    for folder in folders:
        for path in sorted(folder.glob("*.sql")):
            if not path.name.startswith("."):
                yield path, False
