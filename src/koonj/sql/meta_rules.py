r"""Which psql meta-commands a migration may have: those that only print, or make psql stricter.

As in psql 18 (src/bin/psql/command.c): between ``\restrict KEY`` and ``\unrestrict KEY`` there is no other.
"""

import re
from functools import cache

from koonj.sql.display import visible

Refusal = tuple[str, str]
"""What is wrong, and what to do."""


class MetaRules:
    """Judges the meta-commands of one script in their order."""

    def __init__(self) -> None:
        self._key: str | None = None

    def refusal(self, name: str, text: str) -> Refusal | None:
        r"""Why this one is not run; None for one that is.

        Args:
            name: such as ``echo``.
            text: all of it, such as ``\echo done``.
        """
        arguments = _arguments(text[len(name) + 1 :])
        if self._key is not None and name != "unrestrict":
            return f"{_shown(name)} stands where \\restrict allows no meta-command.", "Delete it."
        match name:
            case "restrict":
                return self._restrict(arguments)
            case "unrestrict":
                return self._unrestrict(arguments)
            case "echo":
                return _ECHO if "`" in text else None
            case "set":
                return _set(arguments)
            case _:
                return _refused(name)

    def _restrict(self, arguments: list[str]) -> Refusal | None:
        if not arguments or not arguments[0]:
            return (
                "\\restrict has no key.",
                "Write \\restrict KEY, and \\unrestrict KEY with the same key later.",
            )
        self._key = arguments[0]
        return None

    def _unrestrict(self, arguments: list[str]) -> Refusal | None:
        if self._key is None:
            return "\\unrestrict has no \\restrict before it.", "Delete it."
        if arguments[:1] != [self._key]:
            return (
                "\\unrestrict has another key than the \\restrict before it.",
                f"Write \\unrestrict {visible(self._key)}",
            )
        self._key = None
        return None


_ECHO: Refusal = ("\\echo with `…` runs a shell command.", "Write the text itself.")
_STOPS = "koonj always stops at the first error"


def _set(arguments: list[str]) -> Refusal | None:
    if arguments[:1] == ["ON_ERROR_STOP"]:
        if _is_true("".join(arguments[1:])):
            return None
        return "\\set ON_ERROR_STOP is not on.", f"Delete it: {_STOPS}."
    return "\\set gives a psql variable, and koonj has none.", "Write the value where it is used."


def _is_true(value: str) -> bool:
    """Whether psql reads it as on (ParseVariableBool in src/bin/psql/variables.c; empty is on)."""
    word = value.lower()
    return word in {"", "on", "1"} or any(full.startswith(word) for full in ("true", "yes"))


def _refused(name: str) -> Refusal:
    hint = next(
        (hint for names, hint in _HINTS if name in names), "Delete it, or write SQL that does the same."
    )
    return f"{_shown(name)} is a psql meta-command that koonj does not run.", hint


def _shown(name: str) -> str:
    return visible(f"\\{name}")[:40]


def _arguments(text: str) -> list[str]:
    """The arguments, without their quotes."""
    return [_unquoted(argument) for argument in _argument().findall(text.removesuffix("\\\\"))]


def _unquoted(argument: str) -> str:
    return (
        argument[1:-1]
        if len(argument) > 1 and argument[0] == argument[-1] and argument[0] in "'\""
        else argument
    )


@cache
def _argument() -> re.Pattern[str]:
    return re.compile(r"'(?:[^'\\]|''|\\.)*'|\"[^\"]*\"|\S+")


_HINTS = (
    ({"i", "ir", "include", "include_relative"}, "Put the SQL of that file into this one."),
    ({"copy"}, "Write COPY … FROM stdin; and the rows below it, up to a line of \\. alone."),
    ({"gexec"}, "Write a DO block that loops over the query and EXECUTEs each row."),
    (
        {"g", "gx", "gset", "gdesc", "crosstabview", "watch", "parse", "sendpipeline"},
        "End the statement with ';'.",
    ),
    ({"if", "elif", "else", "endif"}, "Write a DO block with IF."),
    ({"c", "connect"}, "Delete it: the target says where a migration runs."),
    ({"!"}, "Delete it: koonj runs no shell command."),
    ({"q", "quit"}, "Delete it, and what follows it if that is not to run."),
    ({"r", "reset"}, "Delete it, and the unfinished statement before it."),
    ({"unset"}, f"Delete it: koonj has no psql variables, and {_STOPS}."),
    ({"warn", "qecho"}, "Write \\echo, or RAISE NOTICE in a DO block."),
    ({"encoding"}, "Delete it: migrations are UTF-8."),
)
