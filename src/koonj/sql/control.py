"""Transaction control: what opens, ends or marks a transaction."""

from dataclasses import dataclass
from enum import StrEnum

from koonj.sql.reader import Reader


class Control(StrEnum):
    """What a statement does to the transaction (PostgreSQL source: gram.y, TransactionStmt)."""

    BEGIN = "begin"
    """START TRANSACTION too."""
    COMMIT = "commit"
    """END too."""
    ROLLBACK = "rollback"
    """ABORT too."""
    SAVEPOINT = "savepoint"
    RELEASE = "release"
    ROLLBACK_TO = "rollback to"
    PREPARE = "prepare transaction"
    COMMIT_PREPARED = "commit prepared"
    ROLLBACK_PREPARED = "rollback prepared"


@dataclass(frozen=True, slots=True)
class Transaction:
    """A statement's part in transaction control."""

    control: Control | None = None
    name: str = ""
    """Of a savepoint or a prepared transaction, as written."""
    chain: bool = False
    """AND CHAIN: the next transaction begins at once."""
    read_only: bool = False
    """BEGIN or SET TRANSACTION with READ ONLY."""


NONE = Transaction()
_NOISE = ("work", "transaction")


def transaction(reader: Reader) -> Transaction:
    """What the statement does to the transaction; `NONE` for most."""
    match reader.take():
        case "begin":
            return _begin(reader)
        case "start" if reader.peek() == "transaction":
            return _begin(reader)
        case "commit":
            return _end(reader, Control.COMMIT, Control.COMMIT_PREPARED)
        case "end":
            return _end(reader, Control.COMMIT, None)
        case "rollback":
            return _end(reader, Control.ROLLBACK, Control.ROLLBACK_PREPARED)
        case "abort":
            return _end(reader, Control.ROLLBACK, None)
        case "savepoint":
            return Transaction(Control.SAVEPOINT, reader.name())
        case "release":
            reader.accept("savepoint")
            return Transaction(Control.RELEASE, reader.name())
        case "prepare" if reader.peek() == "transaction" and reader.peek(1) != "as":
            return Transaction(Control.PREPARE, reader.peek(1))
        case "set" if reader.accept("transaction"):
            return Transaction(None, read_only=_read_only(reader))
        case _:
            return NONE


def _begin(reader: Reader) -> Transaction:
    return Transaction(Control.BEGIN, read_only=_read_only(reader))


def _end(reader: Reader, control: Control, prepared: Control | None) -> Transaction:
    if prepared is not None and reader.accept("prepared"):
        return Transaction(prepared, reader.peek())
    reader.accept_one(_NOISE)
    if control is Control.ROLLBACK and reader.accept("to"):
        reader.accept("savepoint")
        return Transaction(Control.ROLLBACK_TO, reader.name())
    return Transaction(control, chain=reader.accept("and", "chain"))


def _read_only(reader: Reader) -> bool:
    """Whether READ ONLY is said; the last one of READ ONLY and READ WRITE counts."""
    last, before = "", ""
    for token in reader.rest():
        word = token.text.lower()
        if before == "read" and word in {"only", "write"}:
            last = word
        before = word
    return last == "only"
