"""Find the conflict markers that git, Mercurial and Jujutsu write into a file."""

import re
from functools import cache

from koonj.sql.problem import Problem, Severity
from koonj.sql.source import Source, line_and_column


def conflict_markers(text: str, rollback_line: int | None) -> tuple[Problem, ...]:
    """Return a problem for each merge conflict in a file, at the line of its first marker.

    A marker at the start of a line counts everywhere, also in strings and COPY rows: a version control
    system does not know SQL. Below `rollback_line` (1-based) it counts after the comment prefix, too.
    A line of equals signs alone is no conflict, because comments and texts contain such lines.
    """
    if "<<<<<<<" not in text and ">>>>>>>" not in text:
        return ()
    source, problems, is_open = Source(text), [], False
    for found in _marker().finditer(text):
        line, column = line_and_column(source, found.start("marker"))
        if found["prefix"] and (rollback_line is None or line <= rollback_line):
            continue
        starts = found["marker"].startswith("<")
        if starts or not is_open:
            problems.append(Problem("conflict-marker", Severity.ERROR, _MESSAGE, _HINT, line, column))
        is_open = starts
    return tuple(problems)


_MESSAGE = "This line is a marker of a merge conflict that is not resolved."
_HINT = "Choose the lines to keep. Delete the lines that start with <<<<<<<, |||||||, ======= and >>>>>>>."


@cache
def _marker() -> re.Pattern[str]:
    return re.compile(
        r"(?:\A\ufeff?|(?<=[\r\n]))(?P<prefix>[ \t]*-- ?)?(?P<marker><{7,}|>{7,})(?=[ \t\r\n]|\Z)"
    )
