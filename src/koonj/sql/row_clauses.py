"""Read the clauses of a statement that determine which rows and values it changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from koonj.sql.row_values import RowChange
from koonj.sql.token_walk import NAME, name_at, outside_parentheses, word_at
from koonj.sql.tokens import Token

_END_OF_SET = frozenset({"from", "where", "returning", "when"})


def all_rows(found: Sequence[Token], at: int) -> bool:
    """Return whether the DELETE has no WHERE; its table's name ends at `at`."""
    return all(word_at(found, place) != "where" for place in outside_parentheses(found, at))


def upserted(table: str, found: Sequence[Token], at: int) -> Iterator[RowChange]:
    """Read INSERT … ON CONFLICT … DO UPDATE SET …"""
    for place in outside_parentheses(found, at):
        if [word_at(found, place + k) for k in range(3)] == ["do", "update", "set"]:
            yield RowChange("update", table, tuple(set_columns(found, place + 3)))


def merged(found: Sequence[Token], at: int) -> Iterator[RowChange]:
    """Read MERGE INTO name … WHEN … THEN DELETE, UPDATE SET … or INSERT …"""
    name, end = name_at(found, at + (word_at(found, at) == "only"))
    if not name:
        return
    for place in outside_parentheses(found, end):
        if word_at(found, place) != "then":
            continue
        match word_at(found, place + 1):
            case "delete" | "insert" as verb:
                yield RowChange(verb, name)
            case "update":
                yield RowChange("update", name, tuple(set_columns(found, place + 3)))


def set_columns(found: Sequence[Token], at: int) -> Iterator[str]:
    """Yield the names before the = signs of a SET list, up to its end."""
    depth, cases, before, last = 0, 0, True, ""
    for token in found[at:]:
        word = token.text.lower()
        cases += (word == "case") - (word == "end")
        if depth == 0 and (word in {";", ")"} or (word in _END_OF_SET and cases < 1)):
            return
        if before and token.kind in NAME and last in {"", ",", "("}:
            yield token.text
        depth += (word == "(") - (word == ")")
        if depth == 0 and word in {"=", ","}:
            before = word == ","
        last = word


def computed(found: Sequence[Token], at: int) -> Iterator[RowChange]:
    """Read ALTER TABLE name … ALTER column TYPE … USING …

    A USING that only casts the column is omitted.
    """
    at += 2 * (word_at(found, at) == "if")
    table, at = name_at(found, at + (word_at(found, at) == "only"))
    column = ""
    for place in outside_parentheses(found, at):
        if word_at(found, place) == "alter":
            column, _ = name_at(found, place + 1 + (word_at(found, place + 1) == "column"))
        elif word_at(found, place) == "using" and column:
            if not _is_cast(_expression(found, place + 1), column):
                yield RowChange("using", table, (column,))
            column = ""


def _expression(found: Sequence[Token], at: int) -> list[str]:
    """Return the words up to the comma or the end, without enclosing parentheses."""
    depth = 0
    words: list[str] = []
    for token in found[at:]:
        word = token.text
        depth += (word == "(") - (word == ")")
        if depth < 0 or (depth == 0 and word in {",", ";"}):
            break
        words.append(word)
    while words[:1] == ["("] and words[-1:] == [")"] and _encloses(words):
        words = words[1:-1]
    return words


def _encloses(words: Sequence[str]) -> bool:
    """Return whether the last word closes the first parenthesis."""
    depth = 0
    for word in words[:-1]:
        depth += (word == "(") - (word == ")")
        if depth == 0:
            return False
    return True


def _is_cast(words: list[str], column: str) -> bool:
    """Return whether the words are only the column, or casts of it.

    Forms: ``column``, ``column::type``, ``column::text::type``, ``CAST(column AS type)``.
    """
    if [word.lower() for word in words[:2]] == ["cast", "("] and _encloses(words[1:]):
        inner = words[2:-1]
        places = [at for at, word in enumerate(inner) if word.lower() == "as"]
        return bool(places) and _is_cast(inner[: places[-1]], column)
    if words == [column]:
        return True
    if words[:1] == ["("] and ")" in words:
        end = words.index(")")
        return _is_cast(words[1:end], column) and words[end + 1 : end + 2] == ["::"]
    return words[:2] == [column, "::"]
