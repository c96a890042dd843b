"""Summarize a statement in a few words for the screen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from koonj.sql import kinds
from koonj.sql.display import visible
from koonj.sql.options import is_on, options_of
from koonj.sql.reader import Reader, folded
from koonj.sql.tokens import TokenKind

LIMIT = 100
"""Maximum length of a summary, in characters."""
_FEW = 6
_STOPS = frozenset({"(", ",", ";"})
_DANGLING = frozenset({"with", "using", "as", "values"})
"""Words that are meaningless without the words after them."""


@dataclass(frozen=True, slots=True)
class Description:
    """A statement's verb, the kind and name of its object, and a summary."""

    verb: str
    """The first word in lower case, such as ``create``.

    For a WITH query: the first word after the common table expressions.
    """
    kind: str = ""
    """Such as ``materialized view``; empty if there is none."""
    name: str = ""
    """As written, with its schema; the first of several; empty if there is none."""
    summary: str = ""
    """Such as ``create index documents_status_idx on documents``.

    It is one line of at most LIMIT characters.
    """


def describe(reader: Reader) -> Description:
    """Describe one statement; `reader` is at its start."""
    while reader.accept("("):
        pass
    verb = reader.take()
    found = _VERBS.get(verb, _other)(verb, reader)
    return Description(found.verb, found.kind, found.name, bounded(found.summary))


def bounded(text: str) -> str:
    """Return the text on one line of at most LIMIT characters.

    Hidden characters become visible.
    """
    text = visible(" ".join(text.split()) if "\n" in text or "  " in text else text)
    return text if len(text) <= LIMIT else text[: LIMIT - 1] + "…"


def _phrase(*words: str) -> str:
    return " ".join(word for word in words if word)


def _create(verb: str, reader: Reader) -> Description:
    modifiers = kinds.modifiers(reader)
    kind = kinds.kind(reader)
    concurrently = "concurrently" if reader.accept("concurrently") else ""
    if kind == "schema" and reader.accept("authorization"):
        return Description(verb, kind, "", _phrase(verb, kind, "authorization", reader.name()))
    name = "" if kind == "index" and reader.peek() == "on" else kinds.thing(reader, kind)
    phrase = _phrase(verb, *modifiers, kind, concurrently, name, _relation(kind, reader))
    return Description(verb, kind, name, phrase)


def _relation(kind: str, reader: Reader) -> str:
    """Return the object that a new object belongs to."""
    if kind == "index" or kind in kinds.ATTACHED:
        table = kinds.table_behind_on(reader)
        return f"on {table}" if table else ""
    if kind == "table" and reader.accept("partition", "of"):
        return f"partition of {reader.name()}"
    if kind == "user mapping" and reader.accept("server"):
        return f"server {reader.name()}"
    return ""


def _alter(verb: str, reader: Reader) -> Description:
    kind = kinds.kind(reader)
    if kind in {"default privileges", "system"}:
        return Description(verb, kind, "", _phrase(verb, kind, _few(reader)))
    name = kinds.thing(reader, kind)
    reader.accept("*")
    if reader.peek() == "(":
        reader.parentheses()  # a function's arguments
    if kind in kinds.ATTACHED and reader.accept("on"):
        return Description(verb, kind, name, _phrase(verb, kind, name, "on", reader.name(), _action(reader)))
    phrase = _phrase(verb, kind, name, _action(reader))
    return Description(verb, kind, name, phrase + _more(reader))


def _action(reader: Reader) -> str:
    """Return the first action of an ALTER: ``add column status``."""
    first = reader.accept_one(("add", "drop", "alter", "rename", "validate"))
    if not first:
        return _few(reader)
    if first == "alter" and reader.peek() != "constraint":
        reader.accept("column")
        return _phrase("alter column", reader.name(), _few(reader, 3))
    if first in {"add", "drop"} and reader.peek() in _PARTS_WITHOUT_NAME:
        return _phrase(first, _few(reader, 2))
    if first == "rename" and reader.peek() == "to":
        return _phrase(first, _few(reader))
    return _phrase(first, _part(reader), _few(reader) if first == "rename" else "")


_PARTS = ("column", "constraint", "value", "attribute")
_PARTS_WITHOUT_NAME = frozenset({"primary", "unique", "foreign", "check", "exclude", "table", "expression"})


def _part(reader: Reader) -> str:
    """Return a column or constraint with its name; adds COLUMN if the SQL omits it."""
    part = reader.accept_one(_PARTS) or "column"
    reader.accept("if", "not", "exists")
    reader.accept("if", "exists")
    name = reader.name()
    if not name:  # ALTER TYPE … ADD VALUE 'x'
        name = reader.take()
    return _phrase(part, name)


def _more(reader: Reader) -> str:
    """Return how many more items the list has, by its commas outside parentheses."""
    commas = sum(word == "," for word in reader.top_level())
    return f" and {commas} more" if commas else ""


def _drop(verb: str, reader: Reader) -> Description:
    if reader.accept("owned", "by"):
        return Description(verb, "owned", "", _phrase(verb, "owned by", reader.name()))
    kind = kinds.kind(reader)
    concurrently = "concurrently" if reader.accept("concurrently") else ""
    name = kinds.thing(reader, kind)
    phrase = _phrase(verb, kind, concurrently, name)
    if kind in kinds.ATTACHED:
        table = kinds.table_behind_on(reader)
        return Description(verb, kind, name, _phrase(phrase, f"on {table}" if table else ""))
    return Description(verb, kind, name, phrase + _more(reader))


def _comment(verb: str, reader: Reader) -> Description:
    reader.accept("on")
    kind = kinds.kind(reader)
    name = kinds.thing(reader, kind)
    table = reader.name() if kind in kinds.ATTACHED and reader.accept("on") else ""
    return Description(verb, kind, name, _phrase(verb, "on", kind, name, f"on {table}" if table else ""))


def _into(verb: str, reader: Reader) -> Description:
    """Describe INSERT INTO or MERGE INTO."""
    reader.accept("into")
    return _about_table(verb, "into", reader)


def _delete(verb: str, reader: Reader) -> Description:
    reader.accept("from")
    return _about_table(verb, "from", reader)


def _of_table(verb: str, reader: Reader) -> Description:
    """Describe UPDATE, TRUNCATE or LOCK."""
    return _about_table(verb, "", reader)


def _about_table(verb: str, preposition: str, reader: Reader) -> Description:
    reader.accept("table")
    reader.accept("only")
    name = reader.name()
    more = _more(reader) if verb in {"truncate", "lock"} else ""
    return Description(verb, "table", name, _phrase(verb, preposition, name) + more)


def _copy(verb: str, reader: Reader) -> Description:
    if reader.peek() == "(":
        reader.parentheses()
        return Description(verb, "", "", _phrase("copy a query", _few(reader, 2)))
    name = reader.name()
    reader.parentheses()
    return Description(verb, "table", name, _phrase(verb, name, _few(reader, 2)))


def _with(verb: str, reader: Reader) -> Description:
    """Describe the statement after the common table expressions."""
    for word in reader.top_level():
        if word in {"select", "insert", "update", "delete", "merge", "table", "values"}:
            return _VERBS.get(word, _other)(word, reader)
    return Description(verb, "", "", verb)


def _select(verb: str, reader: Reader) -> Description:
    name = reader.name()
    if name and reader.peek() == "(":
        return Description(verb, "function", name, f"{verb} {name}(…)")
    for word in reader.top_level():
        if word in {"from", "into"} and (table := reader.name()):
            return Description(verb, "", table, _phrase(verb, word, table))
    return Description(verb, "", "", verb)


_WORDED_SETTINGS = frozenset(
    {"transaction", "role", "constraints", "characteristics", "time", "schema", "names", "authorization"}
)
"""Words after SET that are not the name of a parameter."""


def _set(verb: str, reader: Reader) -> Description:
    is_name = reader.peek(1) in {"=", "to", "."}
    scope = "" if is_name else reader.accept_one(("session", "local"))
    if reader.peek() in _WORDED_SETTINGS:
        return Description(verb, "", "", _phrase(verb, scope, _few(reader)))
    if reader.peek() == "all":
        return Description(verb, "", "", _phrase(verb, "all"))
    name = reader.name()
    return Description(verb, "", name, _phrase(verb, scope, name))


def _do(verb: str, _reader: Reader) -> Description:
    return Description(verb, "", "", "do block")


def _call(verb: str, reader: Reader) -> Description:
    name = reader.name()
    return Description(verb, "procedure", name, _phrase(verb, name))


def _reindex(verb: str, reader: Reader) -> Description:
    asked = is_on(options_of(reader.parentheses()).get("concurrently"))
    kind = kinds.kind(reader)
    asked = reader.accept("concurrently") or asked
    name = reader.name()
    return Description(verb, kind, name, _phrase(verb, kind, "concurrently" if asked else "", name))


def _refresh(verb: str, reader: Reader) -> Description:
    kind = kinds.kind(reader)
    concurrently = "concurrently" if reader.accept("concurrently") else ""
    name = reader.name()
    return Description(verb, kind, name, _phrase(verb, kind, concurrently, name))


def _maintain(verb: str, reader: Reader) -> Description:
    """Describe VACUUM, ANALYZE or CLUSTER: options, then optional tables."""
    reader.parentheses()
    while reader.accept_one(("full", "freeze", "verbose", "analyze", "skip_locked")):
        pass
    name = reader.name()
    return Description(verb, "table" if name else "", name, _phrase(verb, name) + _more(reader))


def _rights(verb: str, reader: Reader) -> Description:
    """Describe GRANT or REVOKE as written, up to the limit."""
    return Description(verb, "", "", _phrase(verb, _few(reader, 40, stops=frozenset({";"}))))


def _other(verb: str, reader: Reader) -> Description:
    return Description(verb, "", "", _phrase(verb, _few(reader)))


def _few(reader: Reader, most: int = _FEW, stops: frozenset[str] = _STOPS) -> str:
    """Return the next words as a phrase: keywords in lower case, strings hidden."""
    words: list[str] = []
    while reader.peek() and reader.peek() not in stops and len(words) < most:
        token = reader.token()
        assert token is not None, "peek has read it"
        text = "'…'" if token.kind is TokenKind.STRING else folded(token)  # it might be a password
        reader.take()
        glued = text in {".", ",", ")", "("} or (words and words[-1].endswith((".", "(")))
        words[-1:] = [words[-1] + text] if words and glued else [*words[-1:], text]
    while words and words[-1] in _DANGLING:
        words.pop()
    return " ".join(words)


_VERBS: Mapping[str, Callable[[str, Reader], Description]] = {
    "create": _create,
    "alter": _alter,
    "drop": _drop,
    "comment": _comment,
    "insert": _into,
    "merge": _into,
    "update": _of_table,
    "delete": _delete,
    "truncate": _of_table,
    "lock": _of_table,
    "copy": _copy,
    "with": _with,
    "select": _select,
    "set": _set,
    "reset": _set,
    "do": _do,
    "call": _call,
    "reindex": _reindex,
    "refresh": _refresh,
    "vacuum": _maintain,
    "analyze": _maintain,
    "analyse": _maintain,
    "cluster": _maintain,
    "grant": _rights,
    "revoke": _rights,
}
