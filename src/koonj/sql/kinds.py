"""The kinds of things that CREATE, ALTER, DROP and COMMENT ON name, as words."""

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
"""Kinds of several words, by their first one."""

ATTACHED = frozenset({"trigger", "constraint trigger", "policy", "rule", "constraint"})
"""Kinds whose name holds only within a table, which follows ON."""


def modifiers(reader: Reader) -> tuple[str, ...]:
    """Go on behind what stands between CREATE and the kind, and give what of it matters."""
    reader.accept("or", "replace")
    found = []
    while word := reader.accept_one(_MODIFIERS):
        found.append("temporary" if word == "temp" else word)
    return tuple(word for word in found if word in {"unique", "temporary", "unlogged"})


def kind(reader: Reader) -> str:
    """The kind that is named next: ``table``, ``materialized view``; empty where there is no word."""
    first = reader.peek()
    for words in _LONGER.get(first, ()):
        if reader.accept(first, *words):
            return " ".join((first, *words))
    return reader.take() if first.isalpha() else ""


def thing(reader: Reader, named: str) -> str:
    """The name of a thing of the kind `named`, as written; empty where it has none."""
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
    """The table of a trigger, policy, rule or index: the name behind the next ON outside parentheses."""
    for word in reader.top_level():
        if word == "on":
            reader.accept("only")
            return reader.name()
    return ""
