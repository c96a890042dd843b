"""The statements of one file, read as far as the rules need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from koonj.checks.names import NAME_KINDS, last_name, table_name
from koonj.migrations.migration import Migration
from koonj.sql.called_names import actions, bare
from koonj.sql.effect import first_word
from koonj.sql.index_statement import IndexStatement, index_statement
from koonj.sql.reader import Reader, folded
from koonj.sql.statements import Statement
from koonj.sql.tokens import Token
from koonj.sql.transactions import Mode, ScriptShape

_MODIFIERS = ("global", "local", "temporary", "temp", "unlogged")


@dataclass(frozen=True, slots=True)
class Action:
    """One action of an ALTER TABLE: what commas separate."""

    tokens: tuple[Token, ...]
    words: tuple[str, ...]

    @property
    def at(self) -> int:
        """Offset of its first word in the statement."""
        return self.tokens[0].start


@dataclass(frozen=True, slots=True)
class AlterTable:
    """An ALTER TABLE."""

    written: str
    """Name of the table as written."""
    table: str
    """Its last part as the catalog has it."""
    actions: tuple[Action, ...]


class StatementView:
    """One statement of a file, and what its words say. Each part is read when a rule asks for it."""

    def __init__(self, statement: Statement, transaction: int | None, place: int) -> None:
        """Take one statement.

        Args:
            statement: the statement.
            transaction: a number that the statements of one transaction have in common; None: outside.
            place: its index among the statements of the file.
        """
        self.statement = statement
        self.place = place
        self.text = statement.text
        self.transaction = transaction
        self.verb = first_word(statement.text) or statement.verb

    @cached_property
    def _reader(self) -> Reader:
        return Reader(self.text)

    def reader(self) -> Reader:
        """Return a cursor at the start of the statement."""
        return self._reader.again()

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """All significant tokens."""
        return tuple(self.reader().rest())

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The texts of the tokens; words in lower case."""
        return tuple(map(folded, self.tokens))

    @cached_property
    def names(self) -> frozenset[str]:
        """All names in it, without quotes."""
        return frozenset(bare(token) for token in self.tokens if token.kind in NAME_KINDS)

    @cached_property
    def index(self) -> IndexStatement | None:
        """The index that it creates or attaches."""
        return index_statement(self.text)

    @cached_property
    def alter(self) -> AlterTable | None:
        """The ALTER TABLE that it is; None if it is another statement."""
        reader = self.reader()
        if not reader.accept("alter", "table"):
            return None
        written = table_name(reader)
        if not written:
            return None
        found = [Action(tuple(a), tuple(map(folded, a))) for a in actions(list(reader.rest())) if a]
        return AlterTable(written, last_name(written), tuple(found))

    @cached_property
    def made_table(self) -> str:
        """Table or materialized view that it creates, as written; else empty."""
        reader = self.reader()
        if not reader.accept("create"):
            return _select_into(reader)
        while reader.accept_one(_MODIFIERS):
            pass
        if (
            reader.accept("table")
            or reader.accept("materialized", "view")
            or reader.accept("foreign", "table")
        ):
            return table_name(reader)
        return ""

    @cached_property
    def items(self) -> tuple[tuple[Token, ...], ...]:
        """The columns and constraints of a CREATE TABLE; empty for another statement."""
        if not self.made_table or "(" not in self.words:
            return ()
        start = self.words.index("(")
        before = self.words[:start]
        if {"as", "of"} & set(before[-2:]) or "partition" in before:
            return ()
        depth, end = 0, start
        for end in range(start, len(self.words)):
            depth += (self.words[end] == "(") - (self.words[end] == ")")
            if not depth:
                break
        return tuple(tuple(item) for item in actions(list(self.tokens[start + 1 : end])) if item)


def _select_into(reader: Reader) -> str:
    if not reader.accept("select"):
        return ""
    for word in reader.top_level():
        if word == "from":
            return ""
        if word == "into":
            reader.accept_one(_MODIFIERS)
            reader.accept("table")
            return reader.name()
    return ""


@dataclass
class FileView:
    """The statements of a file in order, and the tables that they create."""

    statements: Sequence[StatementView]
    facts: int = 0
    """Number of facts that the first `counted` statements say; see `facts`."""
    counted: int = 0
    made: set[str] = field(default_factory=set)
    """Names of the tables that the file has created before the current statement."""
    is_wrapped: bool = True
    """False if the file has no transaction control, and koonj opens one transaction for all of it."""
    of_tool: bool = False
    """Whether another tool opens the transaction: the file has no BEGIN and COMMIT."""

    def before(self, one: StatementView) -> Iterator[StatementView]:
        """Yield the statements before this one in the same transaction, the nearest first."""
        for place in range(one.place - 1, -1, -1):
            if self.statements[place].transaction != one.transaction:
                return
            yield self.statements[place]

    @cached_property
    def adds_enum_value(self) -> bool:
        """Whether one of the statements is ALTER TYPE … ADD VALUE."""
        alters = (one.reader() for one in self.statements if one.verb == "alter")
        return any(reader.accept("alter", "type") for reader in alters)

    @cached_property
    def all_made(self) -> frozenset[str]:
        """Names of all tables that the file creates."""
        return frozenset(last_name(one.made_table) for one in self.statements if one.made_table)

    @classmethod
    def of(cls, migration: Migration) -> FileView:
        """Return the statements of the body, without those that only open and close transactions."""
        return cls.of_shape(migration.shape)

    @classmethod
    def of_shape(cls, shape: ScriptShape) -> FileView:
        """Return the statements of a body or a rollback, in the same way."""
        views: list[StatementView] = []
        for number, step in enumerate(shape.steps):
            transaction = number if step.in_transaction else None
            for one in step.statements:
                if one.control is None:
                    views.append(StatementView(one, transaction, len(views)))
        wrapped = shape.mode is not Mode.ONE_TRANSACTION or shape.wrapped or shape.of_tool
        return cls(views, is_wrapped=wrapped, of_tool=shape.of_tool)
