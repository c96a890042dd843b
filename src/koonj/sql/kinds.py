"""Read the kind and the name of the object of CREATE, ALTER, DROP and COMMENT ON."""

from koonj.sql.reader import Reader

_MODIFIERS = frozenset(
    {"unique", "temp", "temporary", "global", "local", "unlogged", "recursive", "trusted", "procedural"}
)
_LONGER = {
    "access": (("method",),),
    "constraint": (("trigger",),),
    "default": (("privileges",), ("conversion",)),
    "event": (("trigger",),),
    "foreign": (("table",), ("data", "wrapper")),
    "large": (("object",),),
    "materialized": (("view",),),
    "operator": (("class",), ("family",)),
    "text": tuple(("search", part) for part in ("configuration", "dictionary", "parser", "template")),
    "user": (("mapping",),),
}
"""Kinds of several words, by their first word."""

ATTACHED = frozenset({"trigger", "constraint trigger", "policy", "rule", "constraint"})
"""Kinds whose name is unique only within a table, which follows ON."""


def modifiers(reader: Reader) -> tuple[str, ...]:
    """Read the words between CREATE and the kind, and return the relevant ones."""
    reader.accept("or", "replace")
    found = []
    while word := reader.accept_one(_MODIFIERS):
        found.append("temporary" if word == "temp" else word)
    return tuple(word for word in found if word in {"unique", "temporary", "unlogged"})


def kind(reader: Reader) -> str:
    """Read the next kind, such as ``materialized view``; empty if no word follows."""
    first = reader.peek()
    for words in _LONGER.get(first, ()):
        if reader.accept(first, *words):
            return " ".join((first, *words))
    return reader.take() if first.isalpha() else ""


def thing(reader: Reader, named: str) -> str:
    """Read the name of an object of the kind `named`, as written; empty if none."""
    match named:
        case "cast":
            return f"({' '.join(reader.parentheses())})"
        case "operator":
            return _operator(reader)
        case "user mapping":
            reader.accept("for")
        case "transform":
            reader.accept("for")
        case "large object":
            return reader.take()
        case _:
            reader.accept("if", "not", "exists")
            reader.accept("if", "exists")
            reader.accept("only")
    return reader.name()


def _operator(reader: Reader) -> str:
    schema = reader.name()
    if reader.accept("."):
        schema += "."
    return schema + reader.take()


def table_behind_on(reader: Reader) -> str:
    """Read the table of a trigger, policy, rule or index.

    It is the name after the next ON outside parentheses.
    """
    for word in reader.top_level():
        if word == "on":
            reader.accept("only")
            return reader.name()
    return ""
