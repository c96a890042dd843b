r"""Check psql meta-commands: allowed are those that print or make psql stricter.

As in psql 18 (src/bin/psql/command.c), no other meta-command is allowed between ``\restrict KEY`` and
``\unrestrict KEY``.
"""

import re
from functools import cache

from koonj.sql.display import visible

Refusal = tuple[str, str]
"""The message and the hint."""


class MetaRules:
    """Checks the meta-commands of one script in order."""

    def __init__(self) -> None:
        self._key: str | None = None

    def refusal(self, name: str, text: str) -> Refusal | None:
        r"""Return why koonj does not run this meta-command; None if it does.

        Args:
            name: such as ``echo``.
            text: the whole meta-command, such as ``\echo done``.
        """
        arguments = _arguments(text[len(name) + 1 :])
        if self._key is not None and name != "unrestrict":
            return (
                f"{_display_name(name)} follows \\restrict, which does not allow meta-commands.",
                "Delete it.",
            )
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
                "Write \\restrict KEY and, later, \\unrestrict KEY with the same key.",
            )
        self._key = arguments[0]
        return None

    def _unrestrict(self, arguments: list[str]) -> Refusal | None:
        if self._key is None:
            return "\\unrestrict has no \\restrict before it.", "Delete it."
        if arguments[:1] != [self._key]:
            return (
                "\\unrestrict has a different key from the \\restrict before it.",
                f"Write \\unrestrict {visible(self._key)}",
            )
        self._key = None
        return None


_ECHO: Refusal = ("\\echo with `…` runs a shell command.", "Write the text instead.")
_STOPS = "koonj always stops at the first error"


def _set(arguments: list[str]) -> Refusal | None:
    if arguments[:1] == ["ON_ERROR_STOP"]:
        if _is_true("".join(arguments[1:])):
            return None
        return "\\set ON_ERROR_STOP is not on.", f"Delete it: {_STOPS}."
    return "\\set sets a psql variable, and koonj has none.", "Write the value where it is used."


def _is_true(value: str) -> bool:
    """Return whether psql reads the value as on; empty is on.

    Source: ParseVariableBool in src/bin/psql/variables.c.
    """
    word = value.lower()
    return word in {"", "on", "1"} or any(full.startswith(word) for full in ("true", "yes"))


def _refused(name: str) -> Refusal:
    hint = next((hint for names, hint in _HINTS if name in names), "Delete it, or replace it with SQL.")
    return f"{_display_name(name)} is a psql meta-command that koonj does not run.", hint


def _display_name(name: str) -> str:
    return visible(f"\\{name}")[:40]


def _arguments(text: str) -> list[str]:
    """Return the arguments without their quotes."""
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
    ({"i", "ir", "include", "include_relative"}, "Copy the SQL of that file into this one."),
    ({"copy"}, "Write COPY … FROM stdin; and the rows below it. End them with a line that has only \\."),
    ({"gexec"}, "Write a DO block that loops over the query and runs EXECUTE for each row."),
    (
        {"g", "gx", "gset", "gdesc", "crosstabview", "watch", "parse", "sendpipeline"},
        "End the statement with ';'.",
    ),
    ({"if", "elif", "else", "endif"}, "Write a DO block with IF."),
    ({"c", "connect"}, "Delete it: koonj runs a migration on the chosen target."),
    ({"!"}, "Delete it: koonj does not run shell commands."),
    ({"q", "quit"}, "Delete it. Also delete the text after it if that text must not run."),
    ({"r", "reset"}, "Delete it and the unfinished statement before it."),
    ({"unset"}, f"Delete it: koonj has no psql variables, and {_STOPS}."),
    ({"warn", "qecho"}, "Write \\echo, or RAISE NOTICE in a DO block."),
    ({"encoding"}, "Delete it: migrations are UTF-8."),
)
