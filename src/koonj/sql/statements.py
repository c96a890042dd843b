"""Classify a statement: kind, effect, and whether it can run inside a transaction."""

from dataclasses import dataclass, field

from koonj.sql.control import TransactionControl
from koonj.sql.effect import Effect, effect_of, first_word
from koonj.sql.reader import Reader
from koonj.sql.refusal import Refusal
from koonj.sql.summary import Description, describe

__all__ = ["Refusal", "Statement", "StatementTraits", "TransactionControl", "classify"]


class Outline:
    """The description of a statement. It is read from the text when it is first needed."""

    __slots__ = ("_found", "_text")

    def __init__(self, text: str, found: Description | None = None) -> None:
        """`found`: the description if it is not the one of `text`."""
        self._text, self._found = text, found

    def read(self) -> Description:
        """Return the description."""
        if self._found is None:
            self._found = describe(Reader(self._text))
        return self._found

    @property
    def verb(self) -> str:
        """The verb of the description, which only WITH does not begin with."""
        first = first_word(self._text) if self._found is None else ""
        return first if first and first != "with" else self.read().verb


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementTraits:
    """Facts that the text of a statement shows, without a database."""

    effect: Effect
    """What it does to the transaction and to the connection."""
    outline: Outline = field(compare=False, repr=False)
    """Its description. The text, or what `\\;` joins to it, decides it."""

    @property
    def control(self) -> TransactionControl | None:
        """Its part in transaction control.

        None for statements that work inside and outside a transaction.
        """
        return self.effect.control

    @property
    def chain(self) -> bool:
        """COMMIT or ROLLBACK with AND CHAIN: the next transaction starts immediately."""
        return self.effect.chain

    @property
    def read_only(self) -> bool:
        """BEGIN or SET TRANSACTION with READ ONLY."""
        return self.effect.read_only

    @property
    def refusal(self) -> Refusal:
        """Whether PostgreSQL refuses it inside a transaction (any version from 13 to 18)."""
        return self.effect.refusal

    @property
    def refusal_reason(self) -> str:
        """The refused form, such as ``CREATE INDEX CONCURRENTLY``; else empty."""
        return self.effect.refusal_reason

    @property
    def is_concurrent(self) -> bool:
        """CREATE, DROP, REINDEX or DETACH … CONCURRENTLY.

        A lock_timeout would leave it half done.
        """
        return self.effect.is_concurrent

    @property
    def copies(self) -> str:
        """``from stdin`` or ``to stdout`` for a COPY through the connection; else empty."""
        return self.effect.copies

    @property
    def verb(self) -> str:
        """The first word, in lower case."""
        return self.outline.verb

    @property
    def kind(self) -> str:
        """The kind of the object: ``table``, ``materialized view``; empty if unknown.

        It is the object that the statement creates, alters, drops or fills.
        """
        return self.outline.read().kind

    @property
    def name(self) -> str:
        """The name of the object as written, with its schema; empty if unknown."""
        return self.effect.name or self.outline.read().name

    @property
    def summary(self) -> str:
        """A summary on one line of at most 100 characters.

        For example ``alter table documents add column status``.
        """
        return self.outline.read().summary


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
    return StatementTraits(effect=effect_of(text), outline=Outline(text))
