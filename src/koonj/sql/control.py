"""Recognize transaction control: statements that open, end or mark a transaction."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from koonj.sql.reader import Reader
from koonj.sql.tokens import TokenKind


class TransactionControl(StrEnum):
    """The effect of a statement on the transaction.

    Source: TransactionStmt in gram.y of PostgreSQL.
    """

    BEGIN = "begin"
    """BEGIN or START TRANSACTION."""
    COMMIT = "commit"
    """COMMIT or END."""
    ROLLBACK = "rollback"
    """ROLLBACK or ABORT."""
    SAVEPOINT = "savepoint"
    RELEASE = "release"
    ROLLBACK_TO = "rollback_to"
    PREPARE = "prepare_transaction"
    COMMIT_PREPARED = "commit_prepared"
    ROLLBACK_PREPARED = "rollback_prepared"


@dataclass(frozen=True, slots=True)
class TransactionStatement:
    """The part of a statement in transaction control."""

    control: TransactionControl | None = None
    name: str = ""
    """The name of a savepoint or a prepared transaction, as written."""
    chain: bool = False
    """AND CHAIN: the next transaction starts immediately."""
    read_only: bool = False
    """BEGIN or SET TRANSACTION with READ ONLY."""


NONE = TransactionStatement()
_NOISE = ("work", "transaction")


def transaction(reader: Reader) -> TransactionStatement:
    """Return the statement's part in transaction control; `NONE` for most statements."""
    rule = _RULES.get(reader.take())
    return NONE if rule is None else rule(reader)


def _start(reader: Reader) -> TransactionStatement:
    return _begin(reader) if reader.accept("transaction") else NONE


def _begin(reader: Reader) -> TransactionStatement:
    return TransactionStatement(TransactionControl.BEGIN, read_only=_read_only(reader))


def _commit(reader: Reader) -> TransactionStatement:
    """Read COMMIT or END."""
    if reader.accept("prepared"):
        return TransactionStatement(TransactionControl.COMMIT_PREPARED, reader.peek())
    reader.accept_one(_NOISE)
    return TransactionStatement(TransactionControl.COMMIT, chain=reader.accept("and", "chain"))


def _roll_back(reader: Reader) -> TransactionStatement:
    """Read ROLLBACK or ABORT."""
    if reader.accept("prepared"):
        return TransactionStatement(TransactionControl.ROLLBACK_PREPARED, reader.peek())
    reader.accept_one(_NOISE)
    if reader.accept("to"):
        reader.accept("savepoint")
        return TransactionStatement(TransactionControl.ROLLBACK_TO, reader.name())
    return TransactionStatement(TransactionControl.ROLLBACK, chain=reader.accept("and", "chain"))


def _savepoint(reader: Reader) -> TransactionStatement:
    return TransactionStatement(TransactionControl.SAVEPOINT, reader.name())


def _release(reader: Reader) -> TransactionStatement:
    reader.accept("savepoint")
    return TransactionStatement(TransactionControl.RELEASE, reader.name())


def _prepare(reader: Reader) -> TransactionStatement:
    """Read PREPARE TRANSACTION 'name'.

    A PREPARE of a query that is named transaction does not count.
    """
    name = reader.token(1)
    if reader.peek() == "transaction" and (name is None or name.kind is TokenKind.STRING):
        return TransactionStatement(TransactionControl.PREPARE, reader.peek(1))
    return NONE


def _set(reader: Reader) -> TransactionStatement:
    return TransactionStatement(None, read_only=_read_only(reader)) if reader.accept("transaction") else NONE


def _read_only(reader: Reader) -> bool:
    """Return whether the transaction is READ ONLY.

    The last of several READ ONLY and READ WRITE counts.
    """
    last, before = "", ""
    for token in reader.rest():
        word = token.text.lower()
        if before == "read" and word in {"only", "write"}:
            last = word
        before = word
    return last == "only"


_RULES: Mapping[str, Callable[[Reader], TransactionStatement]] = {
    "begin": _begin,
    "start": _start,
    "commit": _commit,
    "end": _commit,
    "rollback": _roll_back,
    "abort": _roll_back,
    "savepoint": _savepoint,
    "release": _release,
    "prepare": _prepare,
    "set": _set,
}

VERBS = frozenset(_RULES)
"""First words of the statements that can be transaction control."""
