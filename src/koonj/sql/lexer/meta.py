r"""psql's meta-commands: where one ends, and what it does to the statement around it.

Sources: psqlscanslash.l and command.c of PostgreSQL 18.
"""

import re
from functools import cache

SENDING = frozenset({"g", "gx", "gexec", "gset", "gdesc", "crosstabview", "watch", "parse", "sendpipeline"})
"""These send what has been read so far, as a semicolon does."""

RESETTING = frozenset({"r", "reset"})
"""These throw away what has been read so far."""

QUITTING = frozenset({"q", "quit"})
"""These end the reading; what has been read so far is sent, as at the end of a file."""

_WHOLE_LINE = frozenset({"!", "copy", "ef", "ev", "sf", "sf+", "sv", "sv+", "help", "h"})
"""The argument of these is the rest of the line, quotes and backslashes included."""


def starts(text: str, at: int) -> bool:
    r"""Whether a meta-command starts at ``at``: a backslash, but not that of ``\;`` or ``\:``."""
    return text[at] == "\\" and text[at + 1 : at + 2] not in {";", ":"}


def read(text: str, at: int) -> tuple[str, int]:
    r"""Read the meta-command whose backslash is at ``at``: its name, and the offset of what follows it.

    It ends with its line, before the next one (``\echo a \echo b``), or with a ``\\``, which is part of it.
    """
    end = at + 1
    if found := _name().match(text, end):
        end = found.end()
    name = text[at + 1 : end]
    if name.lower() == "copy":  # psql folds the case of this one only
        name = "copy"
    if name in _WHOLE_LINE:
        newline = text.find("\n", end)
        return name, len(text) if newline < 0 else newline
    while piece := _argument().match(text, end):
        end = piece.end()
    return name, end + 2 if text.startswith("\\\\", end) else end


def copies_from_stdin(name: str, command: str) -> bool:
    r"""Whether the meta-command is ``\copy … from stdin``, with its rows on the lines that follow."""
    return name == "copy" and _from_stdin().search(command) is not None


@cache
def _name() -> re.Pattern[str]:
    return re.compile(r"[^ \t\n\r\f\v\\]++")


@cache
def _argument() -> re.Pattern[str]:
    """A piece of the arguments, quoted or not; a quote that is not closed ends with the line."""
    return re.compile(
        r"""'[^'\\\n]*+(?:(?:''|\\[^\n])[^'\\\n]*+)*(?:'|\\?(?=\n|\Z))
        |"[^"\n]*+(?:"|(?=\n|\Z))
        |`[^`\n]*+(?:`|(?=\n|\Z))
        |[^'"`\\\n]++""",
        re.VERBOSE,
    )


@cache
def _from_stdin() -> re.Pattern[str]:
    return re.compile(r"\bfrom\s+stdin\b", re.IGNORECASE | re.ASCII)
