"""The palette: patterns of migrations, each one ``.sql`` file, koonj's own and the project's.

The file's form is in ``docs/patterns.md``; adding a pattern is adding one file.
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
    """Every pattern, by key, and what is wrong with the files that are none.

    koonj's own library is read first; a folder's pattern takes the place of one with the same key before it.
    A folder need not be there. A file that is no pattern hides nothing, not even a built-in of the same key.
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
