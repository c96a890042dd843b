"""What a migration of yoyo says about itself: its dependencies, and whether it runs in a transaction.

Source: yoyo 9.0.0, yoyo/migrations.py (parse_metadata_from_sql_comments, Migration.load).
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"\s*--\s*(transactional|depends)\s*:\s*(.*)", re.DOTALL)
_COMMENT = re.compile(r"\s*(?:--.*)?", re.DOTALL)
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Directives:
    """What stands above the first statement."""

    depends: frozenset[str] = frozenset()
    """Ids of the migrations that must be applied before."""
    transactional: str = "true"
    """In lower case; yoyo knows ``true`` and ``false``."""


def sql_directives(text: str) -> Directives:
    """Return what the comments above the first statement say. A directive can stand there several times."""
    found = _found(text)
    depends = frozenset(" ".join(value for name, value in found if name == "depends").split())
    transactional = " ".join(value for name, value in found if name == "transactional")
    return Directives(depends, transactional.lower() if transactional else "true")


def has_directive(text: str) -> bool:
    """Return whether ``-- depends:`` stands above the first statement. ``transactional`` is no such sign."""
    return any(name == "depends" for name, _ in _found(text))


def python_directives(text: str) -> Directives:
    """Return what a migration in Python says: ``__depends__``, if it is a literal. The file is not run."""
    try:
        lines = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return Directives()
    for line in lines:
        names = line.targets if isinstance(line, ast.Assign) else ()
        if isinstance(line, ast.Assign) and any(getattr(one, "id", "") == "__depends__" for one in names):
            try:
                value = ast.literal_eval(line.value)
            except (ValueError, TypeError, RecursionError):
                return Directives()
            ids = [value] if isinstance(value, str) else value
            if isinstance(ids, set | frozenset | list | tuple | dict):
                return Directives(frozenset(one for one in ids if isinstance(one, str)))
    return Directives()


def _found(text: str) -> list[tuple[str, str]]:
    """Return the directives above the first line that is neither a comment nor empty."""
    found = []
    for line in _LINE_END.split(text):
        directive = _DIRECTIVE.fullmatch(line)
        if directive is not None:
            found.append((directive[1], directive[2]))
        elif _COMMENT.fullmatch(line) is None:
            break
    return found
