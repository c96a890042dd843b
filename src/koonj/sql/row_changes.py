"""Which rows a statement says that it changes: known from its text, since an empty table shows nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from koonj.sql.statements import Statement
from koonj.sql.tokens import Token, TokenKind, significant

_RUN_NOW = frozenset(
    {"with", "insert", "update", "delete", "merge", "truncate", "do", "select", "copy", "execute"}
)
"""First words of statements that change rows themselves; a CREATE FUNCTION only tells what one would do."""
_DEEPEST = 4
"""Strings within strings: DO, EXECUTE, and what that executes."""
_NAME = frozenset({TokenKind.WORD, TokenKind.QUOTED})


@dataclass(frozen=True, slots=True)
class RowChange:
    """One table whose rows are changed."""

    verb: str
    """``delete``, ``truncate``, ``update``, ``insert`` or ``merge``."""
    table: str
    """As it is written."""
    columns: tuple[str, ...] = ()
    """Of an update: what it sets, as it is written; empty where that is not plain."""

    @property
    def plain_table(self) -> str:
        """Without schema, as the catalog has it."""
        return plain_name(self.table)


def plain_name(name: str) -> str:
    """The last part of a name as the catalog has it: without quotes, in lower case where it has none."""
    last = _last_part(name)
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()


def row_changes(statement: Statement) -> tuple[RowChange, ...]:
    """All that its text says, what stands in the strings of a DO block too; never raises."""
    if statement.verb not in _RUN_NOW:
        return ()
    changes = dict.fromkeys(_in_text(statement.text, _DEEPEST if statement.verb == "do" else 0))
    if statement.verb == "copy" and statement.copy_data is not None:
        changes[RowChange("insert", statement.name)] = None
    return tuple(changes)


def _in_text(text: str, deep: int) -> Iterator[RowChange]:
    found = list(significant(text))
    for at, token in enumerate(found):
        if token.kind is TokenKind.STRING and deep:
            yield from _in_text(_inside(token.text), deep - 1)
        elif token.kind is TokenKind.WORD:
            yield from _at(found, at)


def _inside(string: str) -> str:
    """What stands between the quotes."""
    if string.startswith("$"):
        tag = string[: string.index("$", 1) + 1]
        return string[len(tag) :].removesuffix(tag)
    return string[string.index("'") + 1 :].removesuffix("'").replace("''", "'")


def _at(found: Sequence[Token], at: int) -> Iterator[RowChange]:
    """What the word at `at` begins."""
    match _word(found, at):
        case "delete" if _word(found, at + 1) == "from":
            yield from _named("delete", found, at + 2)
        case "insert" | "merge" as verb if _word(found, at + 1) == "into":
            yield from _named(verb, found, at + 2)
        case "truncate" if _word(found, at - 1) not in {"on", "or", "before", "after"}:
            yield from _truncated(found, at + 1)
        case "update":
            yield from _updated(found, at + 1)


def _named(verb: str, found: Sequence[Token], at: int) -> Iterator[RowChange]:
    name, _ = _name(found, at + (_word(found, at) == "only"))
    if name:
        yield RowChange(verb, name)


def _truncated(found: Sequence[Token], at: int) -> Iterator[RowChange]:
    at += _word(found, at) == "table"
    while True:
        name, at = _name(found, at + (_word(found, at) == "only"))
        if not name:
            return
        yield RowChange("truncate", name)
        at += _word(found, at) == "*"
        if _word(found, at) != ",":
            return
        at += 1


def _updated(found: Sequence[Token], at: int) -> Iterator[RowChange]:
    """UPDATE name [AS alias] SET …; ON CONFLICT DO UPDATE SET and FOR UPDATE have no name there."""
    at += _word(found, at) == "only"
    if _word(found, at) == "set":
        return
    name, at = _name(found, at)
    at += _word(found, at) == "*"
    at += _word(found, at) == "as"
    if _word(found, at) != "set":
        at += 1  # an alias
    if name and _word(found, at) == "set":
        yield RowChange("update", name, tuple(_set_columns(found, at + 1)))


def _set_columns(found: Sequence[Token], at: int) -> Iterator[str]:
    """The names before the = signs of a SET list, up to its end."""
    depth, before, last = 0, True, ""
    for token in found[at:]:
        word = token.text.lower()
        if depth == 0 and word in {"from", "where", "returning", ";"}:
            return
        if before and token.kind in _NAME and last in {"", ",", "("}:
            yield token.text
        depth += (word == "(") - (word == ")")
        if depth == 0 and word in {"=", ","}:
            before = word == ","
        last = word


def _name(found: Sequence[Token], at: int) -> tuple[str, int]:
    """A name with its dots, and where it ends; empty where there is none."""
    parts: list[str] = []
    while at < len(found) and found[at].kind in _NAME:
        parts.append(found[at].text)
        at += 1
        if _word(found, at) != ".":
            break
        parts.append(".")
        at += 1
    return "".join(parts), at


def _word(found: Sequence[Token], at: int) -> str:
    return found[at].text.lower() if 0 <= at < len(found) else ""


def _last_part(name: str) -> str:
    if name.endswith('"'):
        start = len(name) - 1
        while True:
            start = name.rindex('"', 0, start)
            if start == 0 or name[start - 1] != '"':
                return name[start:]
            start -= 1
    return name.rpartition(".")[2]
