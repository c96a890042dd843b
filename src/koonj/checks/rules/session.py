"""The rule about settings that outlive the migration."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.checks.file_view import FileView, StatementView
from koonj.checks.model import Hit, Rule
from koonj.sql.display import visible
from koonj.sql.problem import Severity
from koonj.sql.strings import content

_OTHER = frozenset({"local", "transaction", "constraints", "role", "schema", "names", "seed", "xml"})
"""Words after SET for what is no setting of the session, or for what koonj itself undoes."""

_SHORTEST = 2
"""Words of the shortest statement that resets something: RESET ALL."""


def _parameter(one: StatementView) -> str:
    """Return the setting that the statement sets for the session; empty if it sets none."""
    if one.verb != "set" and "set_config" not in one.text.lower():
        return ""
    words = [content(word) for word in one.words]
    if words[:1] == ["set"]:
        at = 2 if words[1:2] == ["session"] else 1
        if (
            at >= len(words)
            or words[at] in _OTHER
            or words[at] in {"authorization", "characteristics", "time"}
        ):
            return ""
        name = _dotted(words, at)
        value = at + 2 * len(name)
        return "" if words[value : value + 1] == ["default"] else ".".join(name)
    return _by_function(words)


def _dotted(words: list[str], at: int) -> list[str]:
    return [words[at], words[at + 2]] if words[at + 1 : at + 2] == ["."] else [words[at]]


def _by_function(words: list[str]) -> str:
    """Return the setting of a SELECT set_config('setting', value, false) that does nothing else."""
    at = words.index("set_config") if "set_config" in words[:4] else 0
    if words[:1] != ["select"] or not at:
        return ""
    arguments = [word for word in words[at + 1 :] if word not in {"(", ")", ",", ";"}]
    return arguments[0] if len(arguments) == 3 and arguments[2] == "false" else ""


def _resets(one: StatementView) -> str:
    """Return the setting that the statement resets for the session, or ``all``; empty if it resets none."""
    if one.verb not in {"set", "reset", "discard"} or len(one.words) < _SHORTEST:
        return ""
    words = [content(word) for word in one.words]
    if one.verb == "set" and "default" not in words[2:]:
        return ""
    return ".".join(_dotted(words, 2 if words[1] == "session" else 1))


def _leaks(one: StatementView, file: FileView) -> Iterator[Hit]:
    name = _parameter(one)
    if not name:
        return
    if any(_parameter(before) for before in file.statements[: one.place]):
        return  # one finding a file: a dump sets a dozen
    if any(_resets(after) in {name, "all"} for after in file.statements[one.place + 1 :]):
        return
    yield Hit(
        f"SET {visible(name)} lasts until the session ends. koonj resets it after the file; psql does not.",
        "Write SET LOCAL in the transaction, or RESET it at the end of the file.",
    )


RULES = (
    Rule(
        "set-leaks",
        Severity.NOTE,
        "SET without LOCAL applies to whatever runs next in the same session.",
        frozenset({"set", "select"}),
        _leaks,
    ),
)
