"""Read columns and constraints as CREATE TABLE and ALTER TABLE … ADD write them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from koonj.checks.names import NAME_KINDS, column_names
from koonj.sql.called_names import bare
from koonj.sql.reader import folded
from koonj.sql.tokens import Token

_TABLE_CONSTRAINTS = frozenset({"constraint", "primary", "unique", "check", "foreign", "exclude"})
_AFTER_TYPE = frozenset(
    {
        *("constraint", "not", "null", "check", "default", "generated", "unique", "primary", "references"),
        *("deferrable", "initially", "collate", "storage", "compression", "options", "using", "enforced"),
    }
)
"""Words that end the type of a column."""


@dataclass(frozen=True, slots=True)
class ConstraintText:
    """A constraint: of a table, or of one column, whose name is then its only column."""

    kind: str
    """``primary``, ``unique``, ``check``, ``foreign``, ``exclude``, ``not null``; else empty."""
    at: int
    """Offset of its first word in the statement."""
    name: str = ""
    columns: tuple[str, ...] = ()
    """For a foreign key: those that refer; for a CHECK: those that it says are NOT NULL."""
    references: str = ""
    """For a foreign key: the table it refers to, as written."""
    referenced: tuple[str, ...] = ()
    not_valid: bool = False
    uses_index: bool = False


@dataclass(frozen=True, slots=True)
class ColumnText:
    """A column with its type and its constraints."""

    name: str
    at: int
    """Offset of its name in the statement."""
    type: str
    """Words of the type in lower case, separated by spaces."""
    words: tuple[str, ...]
    """All words after the type, outside and inside parentheses."""
    default: tuple[str, ...] | None = None
    """Words of its default; None if there is none."""
    constraints: tuple[ConstraintText, ...] = ()
    stored: bool = False
    identity: bool = False
    not_null: bool = False
    calls: frozenset[str] = field(default=frozenset())
    """Names before a parenthesis in the default."""


def constraint_of(tokens: Sequence[Token]) -> ConstraintText | None:
    """Return the table constraint that the tokens are; None if they are a column."""
    words = list(map(folded, tokens))
    if not words or words[0] not in _TABLE_CONSTRAINTS:
        return None
    at, name, first = tokens[0].start, "", 0
    if words[0] == "constraint" and len(words) > 2:
        name, first = bare(tokens[1]), 2
    rest, after = words[first:], list(tokens[first:])
    kind = rest[0]
    not_valid = any(rest[i : i + 2] == ["not", "valid"] for i in range(len(rest)))
    if kind == "not" and rest[1:2] == ["null"]:
        return ConstraintText(
            "not null", at, name, (bare(after[2]),) if len(after) > 2 else (), not_valid=not_valid
        )
    if kind == "foreign":
        return _foreign(after, at, name, not_valid=not_valid)
    if kind == "check":
        return ConstraintText("check", at, name, not_null_columns(after), not_valid=not_valid)
    start = 2 if kind == "primary" else 1
    uses_index = rest[start : start + 2] == ["using", "index"]
    if rest[start : start + 1] == ["nulls"]:  # UNIQUE NULLS [NOT] DISTINCT (…)
        start = rest.index("(", start) if "(" in rest[start:] else len(rest)
    return ConstraintText(kind, at, name, column_names(after[start:]), uses_index=uses_index)


def _foreign(tokens: list[Token], at: int, name: str, *, not_valid: bool) -> ConstraintText:
    columns = column_names(tokens[2:])
    words = list(map(folded, tokens))
    references, referenced = "", tuple[str, ...]()
    if "references" in words:
        references, referenced = _referenced(tokens, words.index("references") + 1)
    return ConstraintText("foreign", at, name, columns, references, referenced, not_valid)


def _referenced(tokens: Sequence[Token], at: int) -> tuple[str, tuple[str, ...]]:
    parts: list[str] = []
    while at < len(tokens) and (tokens[at].kind in NAME_KINDS or tokens[at].text == "."):
        if parts and parts[-1] != "." and tokens[at].text != ".":
            break
        parts.append(tokens[at].text)
        at += 1
    return "".join(parts), column_names(list(tokens[at:]))


def not_null_columns(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return the columns of which an expression says IS NOT NULL."""
    words = list(map(folded, tokens))
    return tuple(
        bare(tokens[at - 1])
        for at in range(1, len(words) - 2)
        if words[at : at + 3] == ["is", "not", "null"] and tokens[at - 1].kind in NAME_KINDS
    )


def column_of(tokens: Sequence[Token]) -> ColumnText | None:
    """Return the column that the tokens define: its name, its type and its constraints."""
    if len(tokens) < 2 or tokens[0].kind not in NAME_KINDS:
        return None
    words = list(map(folded, tokens))
    end = next(
        (at for at in range(1, len(words)) if words[at] in _AFTER_TYPE and _depth(words, at) == 0), len(words)
    )
    rest = words[end:]
    default = _default(rest)
    calls = frozenset[str]()
    if default is not None:
        first = end + rest.index("default") + 1
        span = tokens[first : first + len(default)]
        calls = frozenset(
            bare(one) for one, after in pairwise(span) if after.text == "(" and one.kind in NAME_KINDS
        )
    return ColumnText(
        name=bare(tokens[0]),
        at=tokens[0].start,
        type=" ".join(words[1:end]),
        words=tuple(rest),
        default=default,
        constraints=tuple(_inline(tokens, words, end)),
        stored="stored" in rest and "generated" in rest,
        identity="identity" in rest and "generated" in rest,
        not_null=any(
            rest[at : at + 2] == ["not", "null"] and _depth(rest, at) == 0 for at in range(len(rest))
        )
        or _has_primary(rest),
        calls=calls,
    )


def _has_primary(words: Sequence[str]) -> bool:
    return any(words[at] == "primary" and _depth(words, at) == 0 for at in range(len(words)))


def constraints_of(tokens: Sequence[Token]) -> tuple[ConstraintText, ...]:
    """Return the table constraint that the tokens are, or the constraints of the column that they define."""
    constraint = constraint_of(tokens)
    if constraint is not None:
        return (constraint,)
    column = column_of(tokens)
    return column.constraints if column is not None else ()


def _depth(words: Sequence[str], at: int) -> int:
    return words[:at].count("(") - words[:at].count(")")


def _default(words: Sequence[str]) -> tuple[str, ...] | None:
    start = next((at for at in range(len(words)) if words[at] == "default" and _depth(words, at) == 0), None)
    if start is None or (
        start and words[start - 1] in {"by", "set"}
    ):  # GENERATED BY DEFAULT, ON DELETE SET DEFAULT
        return None
    end = start + 1
    while end < len(words) and not (
        words[end] in _AFTER_TYPE and words[end] != "null" and _depth(words, end) == 0 and end > start + 1
    ):
        end += 1
    return tuple(words[start + 1 : end])


def _inline(tokens: Sequence[Token], words: Sequence[str], first: int) -> Iterator[ConstraintText]:
    name, column = "", (bare(tokens[0]),)
    for at in range(first, len(words)):
        if _depth(words, at):
            continue
        match words[at]:
            case "constraint" if at + 1 < len(tokens):
                name = bare(tokens[at + 1])
            case "check":
                yield ConstraintText("check", tokens[at].start, name, not_null_columns(tokens[at:]))
            case "references":
                references, referenced = _referenced(tokens, at + 1)
                yield ConstraintText("foreign", tokens[at].start, name, column, references, referenced)
            case ("unique" | "primary") as kind:
                yield ConstraintText(kind, tokens[at].start, name, column)
