"""Read exactly what a statement does with tables, views and other relations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from koonj.checks.facts import added_column
from koonj.checks.file_view import Action, AlterTable, StatementView
from koonj.checks.names import last_name, schema_of, table_name
from koonj.checks.objects.kinds import Kind
from koonj.checks.table_items import constraints_of
from koonj.sql.reader import Reader
from koonj.sql.tokens import Token, TokenKind

_MODIFIERS = ("global", "local", "temporary", "temp", "unlogged", "recursive")
_RELATIONS = (
    *(("table",), ("view",), ("materialized", "view"), ("foreign", "table"), ("sequence",), ("index",)),
)
"""What shares the names of tables."""
_NEVER_RUN = frozenset({"comment", "insert", "update", "delete", "alter"})
"""Verbs of statements in which a string surely creates nothing."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What a statement does with one object."""

    kind: Kind
    written: str
    """The name as written."""
    at: int = 0
    """Offset in the statement."""
    plain: bool = False
    """For what is made: it fails if there is already an object of this name."""

    @property
    def name(self) -> str:
        """The name without its schema, as the catalog has it."""
        return last_name(self.written)

    @property
    def schema(self) -> str:
        """The schema; empty if none is written."""
        return schema_of(self.written)


def doings(one: StatementView) -> Iterator[Doing]:
    """Yield what a statement does with objects, in the order in which it matters.

    A name can be empty if the statement is incomplete.
    """
    match one.verb:
        case "create":
            yield from _created(one)
        case "alter":
            yield from _altered(one)
        case "drop":
            yield from _dropped(one)
        case "insert" | "update" | "delete" | "truncate" | "lock" | "comment" | "refresh":
            yield from _written_to(one)
        case "select" if one.made_table:
            yield Doing(Kind.MADE, one.made_table)


def hidden_text(one: StatementView) -> str:
    """Return the strings of a statement that could create or drop something, in lower case."""
    if one.verb in _NEVER_RUN:
        return ""
    return "\n".join(token.text for token in one.tokens if token.kind is TokenKind.STRING).lower()


def _relation(reader: Reader) -> tuple[str, ...]:
    return next((words for words in _RELATIONS if reader.accept(*words)), ())


def _created(one: StatementView) -> Iterator[Doing]:
    reader = one.reader()
    reader.accept("create")
    replaces = reader.accept("or", "replace")
    while reader.accept_one(_MODIFIERS):
        pass
    kind = _relation(reader)
    if one.index is not None:
        yield Doing(Kind.MADE, one.index.index)
        yield Doing(Kind.USED, one.index.table, _place(one, one.index.table))
    elif kind:
        lenient = replaces or reader.peek() == "if"
        written = table_name(reader)
        is_plain = not lenient and {"temp", "temporary"}.isdisjoint(one.words[:3])
        yield Doing(Kind.MADE, written, _place(one, written), plain=is_plain)
        yield from _parents(one)
        for item in one.items:
            yield from _referenced(item)
    elif reader.accept_one(("trigger", "policy")) or reader.accept("constraint", "trigger"):
        yield from _guarded(one, reader)


def _guarded(one: StatementView, reader: Reader) -> Iterator[Doing]:
    """Yield the table of a trigger or policy."""
    while reader.peek() and reader.peek() != "on":
        reader.take()
    if reader.accept("on"):
        name = reader.name()
        yield Doing(Kind.USED, name, _place(one, name))


def _parents(one: StatementView) -> Iterator[Doing]:
    words = one.words
    for at in range(len(words) - 1):
        if words[at : at + 2] in (("partition", "of"), ("inherits", "(")):
            reader = Reader(one.text[one.tokens[at + 1].end :])
            yield Doing(Kind.USED, reader.name(), one.tokens[at].start)


def _referenced(item: Sequence[Token]) -> Iterator[Doing]:
    """Yield the tables to which the foreign keys of a column or a constraint refer."""
    for key in constraints_of(item):
        if key.references:
            yield Doing(Kind.USED, key.references, key.at)


def _altered(one: StatementView) -> Iterator[Doing]:
    reader = one.reader()
    reader.accept("alter")
    # An index or a sequence can be there without a statement that names it: ADD PRIMARY KEY, serial.
    is_used = _relation(reader) == ("table",) and reader.peek() != "if"
    written = table_name(reader)
    if is_used:
        yield Doing(Kind.USED, written, _place(one, written))
    if reader.accept("rename", "to"):
        yield from _moved(written, _in_schema(written, reader.name()))
    elif reader.accept("set", "schema"):
        yield from _moved(written, f"{reader.name()}.{_last_part(written)}")
    if one.alter is not None:
        for action in one.alter.actions:
            yield from _action(one.alter, action, one)


def _moved(old: str, new: str) -> Iterator[Doing]:
    yield Doing(Kind.LOST, old)
    yield Doing(Kind.MADE, new)


def _in_schema(written: str, name: str) -> str:
    """Return the name that a renamed object has, with the schema that its old name is written with."""
    before = written[: len(written) - len(_last_part(written))]
    return f"{before}{name}"


def _last_part(written: str) -> str:
    reader, part = Reader(written), ""
    for token in reader.rest():
        part = token.text
    return part


def _action(alter: AlterTable, action: Action, one: StatementView) -> Iterator[Doing]:
    if action.words[0] == "add":
        yield from _referenced(added_column(action))
    elif action.words[:2] == ("attach", "partition"):
        yield Doing(Kind.USED, Reader(one.text[action.tokens[1].end :]).name(), action.at)


def _dropped(one: StatementView) -> Iterator[Doing]:
    reader = one.reader()
    reader.accept("drop")
    kind = _relation(reader)
    if not kind:
        return
    reader.accept("concurrently")
    is_used = not reader.accept("if", "exists") and kind in {("table",), ("view",), ("materialized", "view")}
    while name := reader.name():
        if is_used:
            yield Doing(Kind.USED, name, _place(one, name))
        yield Doing(Kind.LOST, name, _place(one, name))
        if not reader.accept(","):
            return


_BEFORE_NAME: tuple[tuple[str, ...], ...] = (
    *(("insert", "into"), ("delete", "from"), ("update",), ("truncate", "table"), ("truncate",)),
    *(("lock", "table"), ("lock",), ("comment", "on", "table"), ("comment", "on", "view")),
    *(("refresh", "materialized", "view", "concurrently"), ("refresh", "materialized", "view")),
)


def _written_to(one: StatementView) -> Iterator[Doing]:
    reader = one.reader()
    if not any(reader.accept(*words) for words in _BEFORE_NAME):
        return
    reader.accept("only")
    while name := reader.name():
        yield Doing(Kind.USED, name, _place(one, name))
        reader.accept("*")
        if not reader.accept(","):
            return
        reader.accept("only")


def _place(one: StatementView, written: str) -> int:
    """Return the offset of a name in its statement."""
    found = one.text.find(written)
    return max(found, 0)
