"""Rules about building and rebuilding indexes while others write."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from koonj.checks.file_view import FileView, StatementView
from koonj.checks.model import Claim, Hit, Rule
from koonj.checks.names import last_name
from koonj.sql.called_names import actions
from koonj.sql.index_statement import IndexStatement
from koonj.sql.options import is_on, options_of
from koonj.sql.problem import PatternOffer, Severity
from koonj.sql.tokens import TokenKind, tokens
from koonj.sql.typed_names import typed_key, typed_name


def _not_concurrent(one: StatementView, file: FileView) -> Iterator[Hit]:
    index = one.index
    if index is None or "concurrently" in one.words[:4] or index.only:
        return
    if any(_builds_the_same(other, one) for other in file.statements[: one.place]):
        return
    yield Hit(
        f"CREATE INDEX reads all of {index.table} while writes to it wait.",
        "Write CREATE INDEX CONCURRENTLY, without BEGIN and COMMIT around it. For a partitioned table: "
        "CREATE INDEX … ON ONLY it, one CONCURRENTLY for each partition, and attach these.",
        tool_hint="Write CREATE INDEX CONCURRENTLY in a file of its own that the tool runs outside a "
        "transaction. For a partitioned table: CREATE INDEX … ON ONLY it, one CONCURRENTLY for each "
        "partition, and attach these.",
        table=last_name(index.table),
        claim=Claim.BUILD,
        pattern=_offer(one, index),
    )


def _builds_the_same(before: StatementView, one: StatementView) -> bool:
    """Return whether a statement builds an index of a partition, which that of the whole table takes over."""
    return "concurrently" in before.words[:4] and _keys(before) == _keys(one)


def _keys(one: StatementView) -> tuple[str, ...]:
    return one.words[one.words.index("(") :] if "(" in one.words else ()


def _offer(one: StatementView, index: IndexStatement) -> PatternOffer | None:
    """Return the pattern with the values as they are written; None if it has no field for one of them."""
    if "(" not in one.words:
        return None  # an incomplete statement
    start = one.words.index("(")
    end = _closing(one, start)
    head, tail = one.words[:start], end + 1
    include = where = ""
    if one.words[tail : tail + 2] == ("include", "("):
        closing = _closing(one, tail + 1)
        include, tail = ", ".join(_keys_between(one, tail + 1, closing)), closing + 1
    if one.words[tail : tail + 1] == ("where",):
        where, tail = _one_line(one.text[one.tokens[tail].end :].strip().rstrip(";")), len(one.words)
    if one.words[tail:] not in ((), (";",)):
        return None
    values = {
        "table": typed_name(index.table),
        "columns": ", ".join(_keys_between(one, start, end)),
        "unique": "yes" if "unique" in head[:2] else "",
        "method": head[-1] if head[-2:-1] == ("using",) else "",
        "include": include,
        "where": where,
        "index": typed_name(index.index),
    }
    return PatternOffer("create_index", tuple((name, value) for name, value in values.items() if value))


def _closing(one: StatementView, start: int) -> int:
    """Return the place of the parenthesis that closes that at `start`; of the last word if none does."""
    depth = 0
    for at in range(start, len(one.words)):
        depth += (one.words[at] == "(") - (one.words[at] == ")")
        if not depth:
            return at
    return len(one.words) - 1


def _keys_between(one: StatementView, start: int, end: int) -> Iterator[str]:
    """Yield the keys between two parentheses as a user would type them."""
    for key in actions(list(one.tokens[start + 1 : end])) if end > start else ():
        if key:
            yield typed_key(key, _one_line(one.text[key[0].start : key[-1].end]))


def _one_line(text: str) -> str:
    """Return SQL without comments, and with one blank where there are more or a line end."""
    parts = (" " if token.kind in _BLANKS else token.text for token in tokens(text))
    return "".join(part for before, part in pairwise(("", *parts)) if (before, part) != (" ", " ")).strip()


_BLANKS = frozenset({TokenKind.BLANK, TokenKind.COMMENT})


def _if_not_exists(one: StatementView, file: FileView) -> Iterator[Hit]:
    index = one.index
    if index is None or not index.if_not_exists or "concurrently" not in one.words[:4]:
        return
    name = last_name(index.index)
    if any(_drops_index(before, name) for before in file.statements[: one.place]):
        return
    yield Hit(
        f"IF NOT EXISTS accepts the INVALID index {index.index} that a failed build leaves.",
        f"Leave out IF NOT EXISTS, or write DROP INDEX CONCURRENTLY IF EXISTS {index.index}; before it.",
        at=one.tokens[one.words.index("exists") - 2].start,
    )


def _drops_index(one: StatementView, name: str) -> bool:
    reader = one.reader()
    if not reader.accept("drop", "index"):
        return False
    reader.accept("concurrently")
    reader.accept("if", "exists")
    return last_name(reader.name()) == name


def _reindex(one: StatementView, _file: FileView) -> Iterator[Hit]:
    reader = one.reader()
    reader.accept("reindex")
    options = options_of(reader.parentheses())
    kind = reader.take()
    if reader.accept("concurrently") or is_on(options.get("concurrently")) or kind == "system":
        return
    name = reader.name()
    yield Hit(
        f"REINDEX rebuilds {name or kind} while writes, and reads that use the index, wait.",
        "Write REINDEX … CONCURRENTLY, without BEGIN and COMMIT around it.",
        tool_hint="Write REINDEX … CONCURRENTLY in a file of its own that the tool runs outside a "
        "transaction.",
        table=last_name(name) if kind == "table" else "",
    )


RULES = (
    Rule(
        "index-not-concurrent",
        Severity.WARNING,
        "CREATE INDEX without CONCURRENTLY blocks every write to the table while it reads all rows.",
        frozenset({"create"}),
        _not_concurrent,
    ),
    Rule(
        "index-if-not-exists",
        Severity.WARNING,
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS accepts the INVALID index of a failed build.",
        frozenset({"create"}),
        _if_not_exists,
    ),
    Rule(
        "reindex-not-concurrent",
        Severity.WARNING,
        "REINDEX without CONCURRENTLY blocks writes, and reads that use the index.",
        frozenset({"reindex"}),
        _reindex,
    ),
)
