"""Directives of Atlas: comments at the top of a file, ``-- atlas:txmode none``."""

from __future__ import annotations

import re

_DIRECTIVE = re.compile(rb"[ -~]*?atlas:(\w+)(?: +([ -~]*))?")


def first_directive(raw: bytes) -> tuple[str, str] | None:
    """Return name and value of a directive on the first line; None if there is none."""
    return _directive(raw.partition(b"\n")[0])


def file_directives(raw: bytes) -> dict[str, str]:
    """Return the directives of the comments at the top. They count only if an empty line follows."""
    found: dict[str, str] = {}
    rest = raw
    while rest.startswith((b"--", b"#")):
        line, end, rest = rest.partition(b"\n")
        directive = _directive(line.strip())
        if directive is not None:
            found.setdefault(*directive)
        if not end:
            return {}
    return found if rest.startswith(b"\n") else {}


def is_checkpoint(raw: bytes) -> bool:
    """Return whether a file is a checkpoint: the sum of the files before it, for an empty database."""
    return "checkpoint" in file_directives(raw)


def _directive(line: bytes) -> tuple[str, str] | None:
    found = _DIRECTIVE.match(line)
    return None if found is None else (found[1].decode(), (found[2] or b"").decode().strip())
