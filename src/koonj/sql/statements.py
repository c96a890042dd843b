"""Statements: what one is, does, and may do inside a transaction block."""

from dataclasses import dataclass, fields
from typing import Any

from koonj.sql.control import TransactionControl, transaction
from koonj.sql.reader import Reader
from koonj.sql.refusal import Refusal, refused
from koonj.sql.summary import describe

__all__ = ["Refusal", "Statement", "StatementTraits", "TransactionControl", "classify"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTraits:
    """What the text of a statement says, known without a database."""

    control: TransactionControl | None
    """Its part in transaction control; None for all that works inside or outside a transaction."""
    chain: bool
    """COMMIT or ROLLBACK with AND CHAIN: the next transaction begins at once."""
    read_only: bool
    """BEGIN or SET TRANSACTION with READ ONLY."""
    refusal: Refusal
    """Whether PostgreSQL (any version from 13 to 18) refuses it inside a transaction block."""
    refusal_reason: str
    """The refused form, such as ``CREATE INDEX CONCURRENTLY``; empty where nothing is refused."""
    is_concurrent: bool
    """CREATE, DROP, REINDEX or DETACH … CONCURRENTLY: a lock_timeout would leave it half done."""
    verb: str
    """The first word, in lower case."""
    kind: str
    """Of what it creates, alters, drops or fills: ``table``, ``materialized view``; empty where unknown."""
    name: str
    """The name of that as it is written, with its schema; empty where it is unknown."""
    copies: str
    """``from stdin`` or ``to stdout`` of a COPY whose rows go through the connection; empty of all else."""
    summary: str
    """What it does: ``alter table documents add column status``; one line of at most 100 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement(StatementTraits):
    """One statement of a script."""

    index: int
    """1-based, in the script."""
    text: str
    r"""What is sent: all of it, with its semicolon; where ``\;`` joined several, without the backslashes."""
    start: int
    """The offset of its first character in the script's source."""
    end: int
    """The offset behind its last character in the script's source."""
    line: int
    """Of its first word, behind the comments that belong to it: 1-based, in the file."""
    column: int
    """Of that word: 1-based, in the file, in characters."""
    copy_data: tuple[int, int] | None
    """Where the rows of a COPY … FROM stdin start and end in the script's source; None of all else."""
    spans: tuple[tuple[int, int], ...]
    r"""Start and end of the parts of the source that make the text: more than one where ``\;`` cut it."""


def classify(text: str) -> StatementTraits:
    """The verdict on one statement. Reads only as much of it as that needs, and never raises."""
    reader = Reader(text)
    act = transaction(reader.again())
    refusal, reason, concurrent = refused(reader.again())
    about = describe(reader)
    return StatementTraits(
        control=act.control,
        chain=act.chain,
        read_only=act.read_only,
        refusal=refusal,
        refusal_reason=reason,
        is_concurrent=concurrent,
        verb=about.verb,
        kind=about.kind,
        name=act.name or about.name,
        copies=_copies(reader.again()),
        summary=about.summary,
    )


def _copies(reader: Reader) -> str:
    """The direction of a COPY through the connection; STDIN and STDOUT are the same word to gram.y."""
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
    """The fields of a verdict, to make a Statement of it."""
    return {name: getattr(traits, name) for name in _PARTS}


_PARTS = tuple(field.name for field in fields(StatementTraits))
