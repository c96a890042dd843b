"""Classify a statement: kind, effect, and whether it can run inside a transaction."""

from dataclasses import dataclass, fields
from typing import Any

from koonj.sql.control import TransactionControl, transaction
from koonj.sql.reader import Reader
from koonj.sql.refusal import Refusal, refused
from koonj.sql.summary import describe

__all__ = ["Refusal", "Statement", "StatementTraits", "TransactionControl", "classify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTraits:
    """Facts that the text of a statement shows, without a database."""

    control: TransactionControl | None
    """Its part in transaction control.

    None for statements that work inside and outside a transaction.
    """
    chain: bool
    """COMMIT or ROLLBACK with AND CHAIN: the next transaction starts immediately."""
    read_only: bool
    """BEGIN or SET TRANSACTION with READ ONLY."""
    refusal: Refusal
    """Whether PostgreSQL refuses it inside a transaction (any version from 13 to 18)."""
    refusal_reason: str
    """The refused form, such as ``CREATE INDEX CONCURRENTLY``; else empty."""
    is_concurrent: bool
    """CREATE, DROP, REINDEX or DETACH … CONCURRENTLY.

    A lock_timeout would leave it half done.
    """
    verb: str
    """The first word, in lower case."""
    kind: str
    """The kind of the object: ``table``, ``materialized view``; empty if unknown.

    It is the object that the statement creates, alters, drops or fills.
    """
    name: str
    """The name of the object as written, with its schema; empty if unknown."""
    copies: str
    """``from stdin`` or ``to stdout`` for a COPY through the connection; else empty."""
    summary: str
    """A summary on one line of at most 100 characters.

    For example ``alter table documents add column status``.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(StatementTraits):
    """A statement of a script."""

    index: int
    """1-based, in the script."""
    text: str
    r"""The text that is sent, with its semicolon.

    If ``\;`` joins several statements, the backslashes are omitted.
    """
    start: int
    """The offset of its first character in the script's source."""
    end: int
    """The offset after its last character in the script's source."""
    line: int
    """Line of its first word, after its comments: 1-based, in the file."""
    column: int
    """Column of that word: 1-based, in the file, in characters."""
    copy_data: tuple[int, int] | None
    """Start and end of the rows of a COPY … FROM stdin in the source; else None."""
    spans: tuple[tuple[int, int], ...]
    r"""Start and end of the parts of the source that form the text.

    There are several if ``\;`` splits the statement.
    """


def classify(text: str) -> StatementTraits:
    """Return the facts about one statement. Never raises.

    It reads only as much of the text as needed.
    """
    reader = Reader(text)
    part = transaction(reader.again())
    refusal, reason, concurrent = refused(reader.again())
    about = describe(reader)
    return StatementTraits(
        control=part.control,
        chain=part.chain,
        read_only=part.read_only,
        refusal=refusal,
        refusal_reason=reason,
        is_concurrent=concurrent,
        verb=about.verb,
        kind=about.kind,
        name=part.name or about.name,
        copies=_copies(reader.again()),
        summary=about.summary,
    )


def _copies(reader: Reader) -> str:
    """Return the direction of a COPY through the connection.

    STDIN and STDOUT are the same word to gram.y.
    """
    if not reader.accept("copy"):
        return ""
    reader.accept("binary")
    if reader.peek() != "(":
        reader.name()
    reader.parentheses()
    direction = reader.accept_one(("from", "to"))
    if not direction or reader.peek() not in {"stdin", "stdout"}:
        return ""
    return "from stdin" if direction == "from" else "to stdout"


def parts_of(traits: StatementTraits) -> dict[str, Any]:
    """Return the fields of a verdict, to build a Statement from it."""
    return {name: getattr(traits, name) for name in _PARTS}


_PARTS = tuple(field.name for field in fields(StatementTraits))
