"""Read from a statement that PostgreSQL refuses in a transaction which objects it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from koonj.sql.index_statement import index_statement
from koonj.sql.options import is_on, options_of
from koonj.sql.reader import Reader
from koonj.sql.statements import Refusal, Statement
from koonj.sql.strings import content


class RefusedKind(StrEnum):
    """Kind of a statement that runs outside a transaction. The values are stored in koonj.statement."""

    CREATE_INDEX = "create_index"
    DROP_INDEX = "drop_index"
    REINDEX = "reindex"
    """REINDEX CONCURRENTLY of one index or table."""
    DETACH = "detach"
    CREATE_DATABASE = "create_database"
    DROP_DATABASE = "drop_database"
    MOVE_DATABASE = "move_database"
    """ALTER DATABASE … SET TABLESPACE."""
    CREATE_TABLESPACE = "create_tablespace"
    DROP_TABLESPACE = "drop_tablespace"
    ALTER_SYSTEM = "alter_system"
    CREATE_SUBSCRIPTION = "create_subscription"
    DROP_SUBSCRIPTION = "drop_subscription"
    ALTER_SUBSCRIPTION = "alter_subscription"
    COMMIT_PREPARED = "commit_prepared"
    ROLLBACK_PREPARED = "rollback_prepared"
    VACUUM = "vacuum"
    REWRITE = "rewrite"
    """VACUUM FULL or CLUSTER, which give a table new storage."""
    MAINTENANCE = "maintenance"
    """REINDEX, VACUUM or CLUSTER of several objects."""
    SESSION = "session"
    """It changes only the session: DISCARD ALL, LOCK, SET LOCAL, …"""
    PROCEDURE = "procedure"
    """CALL or DO, which can commit in parts."""
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RefusedStatement:
    """A statement outside a transaction, and the names in it as they are written."""

    kind: RefusedKind
    name: str = ""
    """The object that it creates, drops or changes. Empty: the server chooses it, or there is none."""
    table: str = ""
    """Table of an index, or the partitioned table that a partition is detached from."""
    value: str = ""
    """New tablespace, or the value of a setting; the id of a prepared transaction, without its quotes."""
    of_table: bool = False
    """REINDEX of a table, not of an index."""


def refused_statement(text: str) -> RefusedStatement:
    """Return what a statement outside a transaction is about."""
    reader = Reader(text)
    rule = _RULES.get(reader.take())
    return RefusedStatement(RefusedKind.OTHER) if rule is None else rule(reader, text)


def is_refused(statement: Statement) -> bool:
    """Return whether a statement that the file has outside a transaction must stay there.

    PostgreSQL refuses it in one, or it does something else there: LOCK, SAVEPOINT, SET LOCAL and DECLARE fail
    or have no effect outside a transaction.
    """
    if statement.refusal is Refusal.YES or statement.control is not None:
        return True
    reader = Reader(statement.text)
    verb = reader.take()
    return verb in {"lock", "declare"} or (verb == "set" and reader.peek() in _ENDING)


_ENDING = frozenset({"local", "transaction", "constraints"})
"""Words after SET for what ends with its transaction."""


def _create(reader: Reader, text: str) -> RefusedStatement:
    index = index_statement(text)
    if index is not None:
        return RefusedStatement(RefusedKind.CREATE_INDEX, index.index, index.table)
    kinds = {
        "database": RefusedKind.CREATE_DATABASE,
        "tablespace": RefusedKind.CREATE_TABLESPACE,
        "subscription": RefusedKind.CREATE_SUBSCRIPTION,
    }
    return _named(reader, kinds)


def _drop(reader: Reader, _text: str) -> RefusedStatement:
    if reader.accept("index"):
        reader.accept("concurrently")
        reader.accept("if", "exists")
        return RefusedStatement(RefusedKind.DROP_INDEX, reader.name())
    kinds = {
        "database": RefusedKind.DROP_DATABASE,
        "tablespace": RefusedKind.DROP_TABLESPACE,
        "subscription": RefusedKind.DROP_SUBSCRIPTION,
    }
    return _named(reader, kinds)


def _named(reader: Reader, kinds: Mapping[str, RefusedKind]) -> RefusedStatement:
    kind = kinds.get(reader.take())
    if kind is None:
        return RefusedStatement(RefusedKind.OTHER)
    reader.accept("if", "exists")
    return RefusedStatement(kind, reader.name())


def _alter(reader: Reader, _text: str) -> RefusedStatement:
    match reader.take():
        case "system":
            return _alter_system(reader)
        case "database":
            name = reader.name()
            reader.accept("set", "tablespace")
            return RefusedStatement(RefusedKind.MOVE_DATABASE, name, value=reader.name())
        case "table":
            return _detach(reader)
        case "subscription":
            return RefusedStatement(RefusedKind.ALTER_SUBSCRIPTION, reader.name())
        case _:
            return RefusedStatement(RefusedKind.OTHER)


def _alter_system(reader: Reader) -> RefusedStatement:
    """Read ALTER SYSTEM. A value that is a list, or DEFAULT, is not compared later."""
    statement = RefusedStatement(RefusedKind.ALTER_SYSTEM)
    if not reader.accept("set"):
        return statement
    name = reader.name()
    reader.accept_one(("=", "to"))
    value, end = reader.take(), reader.peek()
    if not value or value == "default" or end not in {"", ";"}:
        return statement
    return replace(statement, name=name, value=content(value))


def _detach(reader: Reader) -> RefusedStatement:
    reader.accept("if", "exists")
    reader.accept("only")
    table = reader.name()
    reader.accept("*")
    reader.accept("detach", "partition")
    return RefusedStatement(RefusedKind.DETACH, reader.name(), table)


def _reindex(reader: Reader, _text: str) -> RefusedStatement:
    options = options_of(reader.parentheses())
    kind = reader.take()
    concurrent = reader.accept("concurrently") or is_on(options.get("concurrently"))
    name = reader.name()
    if not concurrent or kind not in {"index", "table"}:
        return RefusedStatement(RefusedKind.MAINTENANCE)
    return RefusedStatement(RefusedKind.REINDEX, name, of_table=kind == "table")


def _vacuum(reader: Reader, _text: str) -> RefusedStatement:
    options = options_of(reader.parentheses())
    full = is_on(options.get("full"))
    while word := reader.accept_one(("full", "freeze", "verbose", "analyze", "analyse")):
        full = full or word == "full"
    return _one_table(reader, RefusedKind.REWRITE if full else RefusedKind.VACUUM)


def _cluster(reader: Reader, _text: str) -> RefusedStatement:
    reader.parentheses()
    reader.accept("verbose")
    name = reader.name()
    if reader.accept("on"):
        name = reader.name()  # CLUSTER index ON table, the form before PostgreSQL 8.3
    return RefusedStatement(RefusedKind.REWRITE, name) if name else RefusedStatement(RefusedKind.MAINTENANCE)


def _one_table(reader: Reader, kind: RefusedKind) -> RefusedStatement:
    """Return the statement with its table; one with no table, or several, only maintains them."""
    reader.accept("only")
    name = reader.name()
    reader.parentheses()
    several = not name or reader.peek() == ","
    return RefusedStatement(RefusedKind.MAINTENANCE) if several else RefusedStatement(kind, name)


def _prepared(kind: RefusedKind) -> Callable[[Reader, str], RefusedStatement]:
    def read(reader: Reader, _text: str) -> RefusedStatement:
        reader.accept("prepared")
        return RefusedStatement(kind, value=content(reader.take()))

    return read


def _only(kind: RefusedKind) -> Callable[[Reader, str], RefusedStatement]:
    return lambda _reader, _text: RefusedStatement(kind)


def _call(reader: Reader, _text: str) -> RefusedStatement:
    return RefusedStatement(RefusedKind.PROCEDURE, reader.name())


_RULES: Mapping[str, Callable[[Reader, str], RefusedStatement]] = MappingProxyType(
    {
        "create": _create,
        "drop": _drop,
        "alter": _alter,
        "reindex": _reindex,
        "vacuum": _vacuum,
        "cluster": _cluster,
        "commit": _prepared(RefusedKind.COMMIT_PREPARED),
        "rollback": _prepared(RefusedKind.ROLLBACK_PREPARED),
        "call": _call,
        "do": _only(RefusedKind.PROCEDURE),
        "discard": _only(RefusedKind.SESSION),
        "lock": _only(RefusedKind.SESSION),
        "set": _only(RefusedKind.SESSION),
        "declare": _only(RefusedKind.SESSION),
        "savepoint": _only(RefusedKind.SESSION),
        "release": _only(RefusedKind.SESSION),
    }
)
