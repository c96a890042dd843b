"""Find the end of a psql meta-command and its effect on the statement around it.

Sources: psqlscanslash.l and command.c of PostgreSQL 18.
"""

import re
from functools import cache

SENDING = frozenset({"g", "gx", "gexec", "gset", "gdesc", "crosstabview", "watch", "parse", "sendpipeline"})
"""Meta-commands that send the text read so far, as a semicolon does."""

RESETTING = frozenset({"r", "reset"})
"""Meta-commands that discard the text read so far."""

QUITTING = frozenset({"q", "quit"})
"""Meta-commands that stop the reading.

The text read so far is sent, as at the end of a file.
"""

_WHOLE_LINE = frozenset({"!", "copy", "ef", "ev", "sf", "sf+", "sv", "sv+", "help", "h"})
"""Meta-commands that take the rest of the line, with quotes and backslashes."""


def starts(text: str, at: int) -> bool:
    r"""Return whether a meta-command starts at ``at``.

    ``\;`` and ``\:`` are not meta-commands.
    """
    return text[at] == "\\" and text[at + 1 : at + 2] not in {";", ":"}


def read(text: str, at: int) -> tuple[str, int]:
    r"""Read the meta-command at ``at`` and return its name and the offset after it.

    ``at`` is the offset of its backslash. It ends with its line, before the next meta-command
    (``\echo a \echo b``), or after a ``\\``, which belongs to it.
    """
    end = at + 1
    if found := _name().match(text, end):
        end = found.end()
    name = text[at + 1 : end]
    if name.lower() == "copy":  # psql ignores case for this command only
        name = "copy"
    if name in _WHOLE_LINE:
        newline = text.find("\n", end)
        return name, len(text) if newline < 0 else newline
    while piece := _argument().match(text, end):
        end = piece.end()
    return name, end + 2 if text.startswith("\\\\", end) else end


def copies_from_stdin(name: str, command: str) -> bool:
    r"""Return whether this is ``\copy … from stdin``, with its rows on the next lines."""
    return name == "copy" and _from_stdin().search(command) is not None


@cache
def _name() -> re.Pattern[str]:
    return re.compile(r"[^ \t\n\r\f\v\\]++")


@cache
def _argument() -> re.Pattern[str]:
    """Return the pattern for one piece of the arguments, quoted or not.

    A quote that is not closed ends with the line.
    """
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
