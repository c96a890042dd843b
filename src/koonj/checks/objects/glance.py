"""Glance at a file: which objects it seems to make, lose and use, without reading its statements.

A glance can be wrong. It only decides which names are worth reading the files for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from koonj.checks.objects.kinds import Kind

_LONGEST = 4_000
"""Characters of a statement that are looked at after the name."""
_MARK = re.compile(r"^--+[ \t]*rollback[ \t]*:", re.MULTILINE)
_NAME = r'(?:"[^"]*"|[\w$]+)(?:[ \t]*\.[ \t]*(?:"[^"]*"|[\w$]+))*'
_OBJECT = r"(?:table|view|materialized\s+view|foreign\s+table|sequence)"
_HIDING = (
    *("execute", "create extension", "search_path", "import foreign", " schema", "call"),
    *("'create", "'drop", "'alter", "$create", "$drop", "$alter"),
)
"""Without one of these, a file names what it makes and drops, if only in a function."""


class Glimpse(NamedTuple):
    """What a text seems to do with an object. Names are in lower case, without schema and quotes."""

    kind: Kind
    name: str
    columns: tuple[str, ...] = ()
    """Columns of the table `name` that the statement seems to use."""
    lost: tuple[str, ...] = ()
    """Those that it seems to drop or rename."""
    text: str = ""
    """The statement, if it gives the table columns."""


class Glance(NamedTuple):
    """What a file seems to do, in order."""

    glimpses: tuple[Glimpse, ...]
    can_hide: bool
    """Whether it could make or drop what it does not name."""


@lru_cache(16_384)
def glance(raw: bytes) -> Glance:
    """Return what the body of a file seems to do with objects."""
    text = raw.decode(errors="replace").lower()
    mark = _MARK.search(text) if "rollback" in text else None
    body = text if mark is None else text[: mark.start()]
    return Glance(tuple(_glimpses(body)), any(word in body for word in _HIDING))


def _glimpses(body: str) -> Iterator[Glimpse]:
    for found in _doings().finditer(body):
        match found.lastgroup:
            case "made":
                name = last(found["made"])
                is_table = _opening().match(body, found.end()) is not None
                yield Glimpse(Kind.MADE, name, text=_statement(body, found) if is_table else "")
                yield from _referred(body, found)
            case "dropped":
                for name in map(last, found["dropped"].split(",")):
                    if found["if_dropped"] is None:
                        yield Glimpse(Kind.USED, name)
                    yield Glimpse(Kind.LOST, name)
            case "altered":
                yield from _altered(body, found)
            case "indexed":
                yield Glimpse(Kind.USED, last(found["indexed"]), _indexed(body, found.end()))
            case "used" | "updated":
                yield Glimpse(Kind.USED, last(found[found.lastgroup]))


def _statement(body: str, found: re.Match[str]) -> str:
    longest = found.end() + _LONGEST
    end = body.find(";", found.end(), longest)
    return body[found.start() : end if end >= 0 else longest]


def _referred(body: str, found: re.Match[str]) -> Iterator[Glimpse]:
    """Yield the tables to which the foreign keys of a statement refer, or whose partition it makes."""
    statement = _statement(body, found)
    if any(word in statement for word in ("references", " of ", "inherits", "attach")):
        for one in _references().finditer(statement):
            yield Glimpse(Kind.USED, last(one[1]))


def _altered(body: str, found: re.Match[str]) -> Iterator[Glimpse]:
    name, statement = last(found["altered"]), _statement(body, found)
    rest = statement[found.end() - found.start() :]
    words = _columns().findall(rest)
    uses = (*(one for one, _ in words if one), *(part for _, some in words if some for part in _listed(some)))
    yield Glimpse(
        Kind.USED if found["if_altered"] is None else Kind.SEEN,
        name,
        uses,
        tuple(_lost().findall(rest)) if "drop" in rest or "rename" in rest else (),
        statement,
    )
    renamed = _renamed().match(rest)
    if renamed is not None:
        yield Glimpse(Kind.LOST, name)
        if renamed[1]:  # in another schema, the name is the same
            yield Glimpse(Kind.MADE, last(renamed[1]))
    yield from _referred(body, found)


def _indexed(body: str, at: int) -> tuple[str, ...]:
    opened = _plain_list().match(body, at)
    return tuple(_listed(opened[1])) if opened is not None else ()


def _listed(text: str) -> Iterator[str]:
    for part in text.split(","):
        words = part.split()
        if words and words[0].replace('"', "").isidentifier():
            yield words[0].strip('"')


def last(written: str) -> str:
    """Return the last part of a name in lower case, without quotes."""
    return written.rsplit(".", 1)[-1].strip().strip('"')


@cache
def _doings() -> re.Pattern[str]:
    return re.compile(
        rf"""\b(?:
            create\s+(?:or\s+replace\s+)?(?:(?:global|local|temporary|temp|unlogged|recursive)\s+)*
                {_OBJECT}\s+(?:if\s+not\s+exists\s+)?(?P<made>{_NAME})
          | drop\s+{_OBJECT}\s+(?P<if_dropped>if\s+exists\s+)?(?P<dropped>{_NAME}(?:\s*,\s*{_NAME})*)
          | alter\s+{_OBJECT}\s+(?P<if_altered>if\s+exists\s+)?(?:only\s+)?(?P<altered>{_NAME})
          | index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?(?:{_NAME}\s+)?on\s+(?:only\s+)?
                (?P<indexed>{_NAME})
          | update\s+(?:only\s+)?(?P<updated>{_NAME})\s+(?:\*\s*)?(?:as\s+)?(?:[\w"]+\s+)?set\b
          | (?:insert\s+into|delete\s+from(?:\s+only)?|truncate(?:\s+table)?(?:\s+only)?
              |lock\s+table(?:\s+only)?|comment\s+on\s+table|refresh\s+materialized\s+view(?:\s+concurrently)?
              |(?:trigger|policy)\s+[\w"]+\s[^;]{{0,400}}?\bon)\s+(?P<used>{_NAME})
        )""",
        re.VERBOSE,
    )


@cache
def _opening() -> re.Pattern[str]:
    return re.compile(r"\s*\(")


@cache
def _references() -> re.Pattern[str]:
    return re.compile(rf"\b(?:references|partition\s+of|attach\s+partition|inherits\s*\()\s*({_NAME})")


@cache
def _columns() -> re.Pattern[str]:
    """Return the pattern for what an ALTER TABLE says of columns that must exist: a name or a list."""
    return re.compile(
        r"""\b(?:alter|drop|rename)\s+(?:column\s+)?(?!(?:column|constraint|to|if|not|default|identity
            |expression|cascade|restrict|set)\b)"?([\w$]+)|\b(?:foreign\s+key|unique|primary\s+key)\s*
            \(([^()]*)\)""",
        re.VERBOSE,
    )


@cache
def _lost() -> re.Pattern[str]:
    return re.compile(r'\b(?:drop|rename)\s+(?:column\s+)?(?:if\s+exists\s+)?"?([\w$]+)')


@cache
def _renamed() -> re.Pattern[str]:
    return re.compile(rf"\s*\*?\s*(?:rename\s+to\s+({_NAME})|set\s+schema\s)")


@cache
def _plain_list() -> re.Pattern[str]:
    return re.compile(r"\s*(?:using\s+\w+\s*)?\(([^()]*)\)")
