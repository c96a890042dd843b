"""Load the patterns of migrations: koonj's own and the project's.

Each pattern is one ``.sql`` file. ``docs/patterns.md`` describes its format.
"""

from collections.abc import Iterable
from pathlib import Path

from koonj.patterns.model import Field, FieldErrors, FieldKind, Pattern, PatternFile, PatternProblem
from koonj.patterns.reader import PatternFileError, read_pattern
from koonj.patterns.render import defaults, render

__all__ = [
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
"""koonj's own patterns."""


def load(*folders: Path) -> tuple[tuple[Pattern, ...], tuple[PatternProblem, ...]]:
    """Return all patterns, sorted by key, and the problems of invalid files.

    koonj's own library is read first. A pattern in `folders` replaces an earlier one with the same key. A
    folder does not have to exist. An invalid file replaces nothing, not even a built-in pattern with the same
    key.
    """
    found: dict[str, Pattern] = {}
    problems: list[PatternProblem] = []
    for path in _files((LIBRARY, *folders)):
        try:
            pattern = read_pattern(path)
        except PatternFileError as error:
            problems += [PatternProblem(path, problem) for problem in error.problems]
        else:
            found[pattern.key] = pattern
    return tuple(found[key] for key in sorted(found)), tuple(problems)


def _files(folders: Iterable[Path]) -> Iterable[Path]:
    for folder in folders:
        yield from sorted(path for path in folder.glob("*.sql") if not path.name.startswith("."))
