"""Recognize statements that PostgreSQL refuses in a transaction (SQLSTATE 25001).

The source is the calls of PreventInTransactionBlock in PostgreSQL 13 to 18 (src/backend). A statement that
any of these versions refuses counts as refused. If the refusal depends on data, the answer is MAYBE.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from koonj.sql.options import is_off, is_on, options_of
from koonj.sql.reader import Reader
from koonj.sql.strings import content
from koonj.sql.tokens import TokenKind, significant


class Refusal(StrEnum):
    """Whether PostgreSQL refuses the statement inside a transaction block."""

    NO = "no"
    MAYBE = "maybe"
    """It depends on the content of the database."""
    YES = "yes"


class RefusalReason(NamedTuple):
    """Whether a statement is refused, and the form of the statement."""

    refusal: Refusal = Refusal.NO
    reason: str = ""
    """Such as ``CREATE INDEX CONCURRENTLY``. For MAYBE: the condition."""
    concurrent: bool = False
    """An index or partition command with CONCURRENTLY.

    A lock_timeout would leave it half done.
    """


ALLOWED = RefusalReason()


def refused(reader: Reader) -> RefusalReason:
    """Return whether PostgreSQL refuses a statement in a transaction, from its words."""
    rule = _RULES.get(reader.take())
    return ALLOWED if rule is None else rule(reader)


def _yes(reason: str, *, concurrent: bool = False) -> RefusalReason:
    return RefusalReason(Refusal.YES, reason, concurrent)


def _maybe(reason: str) -> RefusalReason:
    return RefusalReason(Refusal.MAYBE, reason)


def _vacuum(_reader: Reader) -> RefusalReason:
    return _yes("VACUUM")


def _discard(reader: Reader) -> RefusalReason:
    return _yes("DISCARD ALL") if reader.accept("all") else ALLOWED


def _commit(reader: Reader) -> RefusalReason:
    return _yes("COMMIT PREPARED") if reader.accept("prepared") else ALLOWED


def _rollback(reader: Reader) -> RefusalReason:
    return _yes("ROLLBACK PREPARED") if reader.accept("prepared") else ALLOWED


def _create(reader: Reader) -> RefusalReason:
    reader.accept("unique")
    if reader.accept("index", "concurrently"):
        return _yes("CREATE INDEX CONCURRENTLY", concurrent=True)
    if kind := reader.accept_one(("database", "tablespace")):
        return _yes(f"CREATE {kind.upper()}")
    if reader.accept("subscription"):
        return _create_subscription(reader)
    return ALLOWED


def _create_subscription(reader: Reader) -> RefusalReason:
    options = _with_options(reader)
    if is_off(options.get("create_slot")) or is_off(options.get("connect")):
        return ALLOWED
    return _yes("CREATE SUBSCRIPTION that creates its slot")


def _drop(reader: Reader) -> RefusalReason:
    if reader.accept("index", "concurrently"):
        return _yes("DROP INDEX CONCURRENTLY", concurrent=True)
    if kind := reader.accept_one(("database", "tablespace")):
        return _yes(f"DROP {kind.upper()}")
    if reader.accept("subscription"):
        return _maybe("DROP SUBSCRIPTION of a subscription with a slot")
    return ALLOWED


def _alter(reader: Reader) -> RefusalReason:
    match reader.take():
        case "system":
            return _yes("ALTER SYSTEM")
        case "database":
            return _alter_database(reader)
        case "table":
            return _alter_table(reader)
        case "subscription":
            return _alter_subscription(reader)
        case _:
            return ALLOWED


def _alter_database(reader: Reader) -> RefusalReason:
    reader.name()
    reader.accept_one(("set", "with"))
    return _yes("ALTER DATABASE … SET TABLESPACE") if reader.accept("tablespace") else ALLOWED


def _alter_table(reader: Reader) -> RefusalReason:
    reader.accept("if", "exists")
    reader.accept("only")
    reader.name()
    reader.accept("*")
    if reader.accept("detach", "partition") and reader.name() and reader.accept("concurrently"):
        return _yes("ALTER TABLE … DETACH PARTITION … CONCURRENTLY", concurrent=True)
    return ALLOWED


def _alter_subscription(reader: Reader) -> RefusalReason:
    reader.name()
    if reader.accept("refresh"):
        return _yes("ALTER SUBSCRIPTION … REFRESH (PostgreSQL 14 and later)")
    if reader.peek(1) == "publication" and reader.accept_one(("set", "add", "drop")):
        if is_off(_with_options(reader).get("refresh")):
            return ALLOWED
        return _yes("ALTER SUBSCRIPTION … PUBLICATION that refreshes (PostgreSQL 14 and later)")
    if reader.accept("set"):
        return _set_subscription(options_of(reader.parentheses()))
    return ALLOWED


def _set_subscription(options: Mapping[str, str]) -> RefusalReason:
    if "failover" in options:
        return _yes("ALTER SUBSCRIPTION … SET (failover)")
    if "two_phase" in options:
        return _maybe("ALTER SUBSCRIPTION … SET (two_phase)")
    return ALLOWED


def _reindex(reader: Reader) -> RefusalReason:
    options = options_of(reader.parentheses())
    kind = reader.take()
    if reader.accept("concurrently") or is_on(options.get("concurrently")):
        return _yes("REINDEX CONCURRENTLY", concurrent=True)
    if kind in {"schema", "database", "system"}:
        return _yes(f"REINDEX {kind.upper()}")
    return _maybe(f"REINDEX of a partitioned {kind}") if kind in {"table", "index"} else ALLOWED


def _cluster(reader: Reader) -> RefusalReason:
    reader.parentheses()
    reader.accept("verbose")
    return _maybe("CLUSTER of a partitioned table") if reader.name() else _yes("CLUSTER of all tables")


def _do(reader: Reader) -> RefusalReason:
    """Check a DO block, which can end the transaction or EXECUTE a refused statement."""
    strings = (token.text for token in reader.rest() if token.kind is TokenKind.STRING)
    body = max(strings, key=len, default="")  # a second string can only be the language's name
    before = ""
    for token in significant(content(body)):
        word = token.text.lower()
        if before in {"commit", "rollback"} and word in {";", "and"}:
            return _maybe(f"DO with {before.upper()}")
        if before == "execute" and token.kind is TokenKind.STRING:
            inner = refused(Reader(content(token.text)))
            if inner.refusal is not Refusal.NO:
                return _maybe(f"DO that executes {inner.reason}")
        before = word
    return ALLOWED


def _with_options(reader: Reader) -> Mapping[str, str]:
    """Return the options in WITH (…), which ends the statement."""
    while reader.peek():
        if reader.accept("with"):
            return options_of(reader.parentheses())
        reader.take()
    return {}


_RULES: Mapping[str, Callable[[Reader], RefusalReason]] = {
    "vacuum": _vacuum,
    "discard": _discard,
    "commit": _commit,
    "rollback": _rollback,
    "create": _create,
    "drop": _drop,
    "alter": _alter,
    "reindex": _reindex,
    "cluster": _cluster,
    "do": _do,
}

VERBS = frozenset(_RULES)
"""First words of the statements that can be refused."""

SIGNS: Mapping[str, tuple[str, ...]] = {
    "create": ("concurrently", "database", "tablespace", "subscription"),
    "drop": ("concurrently", "database", "tablespace", "subscription"),
    "alter": ("concurrently", "database", "system", "subscription"),
}
"""For frequent first words: the words without which the rule cannot refuse the statement."""

_LONG = 100_000
"""Characters from which on a text is not searched: the rule reads less."""


def has_no_sign(verb: str, text: str) -> bool:
    """Return whether a statement surely is not refused, because none of its rule's words is in the text.

    `verb`: its first word, one of `SIGNS`.
    """
    lower = text.lower() if len(text) < _LONG else None
    return lower is not None and not any(sign in lower for sign in SIGNS[verb])
