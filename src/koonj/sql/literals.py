"""Find the constants in SQL text, each with the column that it is compared with.

No parser: a constant belongs to the nearest column name before it. Made-up rows that contain such values meet
the conditions of the statements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from koonj.sql.tokens import Token, TokenKind, significant

_DEEPEST = 4
"""Maximum depth of strings in strings: DO, EXECUTE, and what that executes."""
_FAR = 40
"""Maximum number of tokens between a column and its constant, such as in a list after IN."""
_MOST = 12
"""Maximum number of constants of one column."""
_WRITES = frozenset({"set", "values", "then", "else", "insert", "default"})
"""Words before constants that are written, not compared."""
_JSON = frozenset({"->", "->>", "?", "?|", "?&", "#>", "#>>"})
"""Operators before the key of a JSON value."""
_COUNTED_TYPES = frozenset(
    {
        *(
            "char",
            "varchar",
            "character",
            "varying",
            "bpchar",
            "numeric",
            "decimal",
            "bit",
            "varbit",
            "float",
        ),
        *("timestamp", "timestamptz", "time", "timetz", "interval", "vector", "halfvec"),
    }
)
"""Types whose name can be followed by numbers in parentheses."""
_READS = frozenset(
    {"where", "when", "on", "using", "having", "from", "and", "or", "if", "elsif", "case", "join"}
)
"""Words after which constants are compared again. AND and OR do not occur in lists of new values."""


@dataclass(slots=True)
class Literals:
    """Constants by the name of their column."""

    compared: dict[str, list[str]] = field(default_factory=dict)
    written: dict[str, list[str]] = field(default_factory=dict)
    """Constants that a script writes, in the order of the script: the made-up rows depend on it."""
    inserted: set[str] = field(default_factory=set)
    """Constants that INSERT … VALUES or a SELECT list writes, whose columns are not known."""
    upserted: dict[str, list[str]] = field(default_factory=dict)
    """Those of an INSERT … ON CONFLICT or a MERGE, by the name of its table: the row can be there already."""
    defaults: dict[str, list[str]] = field(default_factory=dict)
    """Constants of SET DEFAULT."""
    nulled: set[str] = field(default_factory=set)
    """Columns to which NULL is written instead of some values."""
    keys: dict[str, list[str]] = field(default_factory=dict)
    """Keys of JSON values: after ``->``, ``->>`` and ``?``."""
    loose: list[str] = field(default_factory=list)
    """Constants without a column, such as arguments of functions."""
    labels: list[str] = field(default_factory=list)
    """Labels of enums that are created."""

    def values(self, column: str) -> list[str]:
        """Return the constants with which a column is compared."""
        return self.compared.get(column, [])


def keys_before(found: Literals, restored: Literals, column: str) -> list[str]:
    """Return keys that JSON values of a column have before a migration.

    `found`, `restored`: constants of the migration and of its rollback. A key that the migration writes and
    only the rollback reads is new.
    """
    new = found.inserted.union(found.written.get(column, ()))
    later = (key for key in restored.keys.get(column, ()) if key not in new)
    return [*found.keys.get(column, ()), *later]


def literals(texts: Iterable[str], columns: Collection[str]) -> Literals:
    """Return the constants in `texts`. `columns`: names of all columns, in lower case."""
    found = Literals()
    for text in texts:
        _Reading(list(significant(text)), columns, found, _DEEPEST).run()
    return found


@dataclass(slots=True)
class _Reading:
    """One text while it is read."""

    tokens: Sequence[Token]
    columns: Collection[str]
    found: Literals
    deep: int
    _near: str = ""
    _near_at: int = -_FAR
    _writes: bool = False
    _inserts: bool = False
    _into: str = ""
    _rows: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Read all tokens."""
        for at, token in enumerate(self.tokens):
            if token.kind is TokenKind.STRING:
                self._string(at, token.text)
            elif token.kind is TokenKind.NUMBER and not _is_modifier(self.tokens, at):
                self._constant(at, f"-{token.text}" if _is_negative(self.tokens, at) else token.text)
            elif token.kind in {TokenKind.WORD, TokenKind.QUOTED}:
                self._word(at, token)
            elif token.text == ";":
                self._near, self._writes, self._inserts = "", False, False

    def _string(self, at: int, text: str) -> None:
        inner = string_value(text)
        if self.deep and (text.startswith("$") or (" " in inner and _is_code(inner))):
            _Reading(list(significant(inner)), self.columns, self.found, self.deep - 1).run()
        else:
            self._constant(at, inner)

    def _word(self, at: int, token: Token) -> None:
        word = token.text.lower()
        name = token.text[1:-1].lower() if token.kind is TokenKind.QUOTED else word
        if name in self.columns:
            self._near, self._near_at = name, at
        elif word in _WRITES:
            self._writes, self._inserts = True, self._inserts or word in {"insert", "values"}
            if word == "insert":
                self._into, self._rows = _table_after(self.tokens, at), []
        elif word in _READS:
            self._writes, self._inserts = False, False
        elif word == "nullif":
            self.found.nulled |= {token.text.strip('"').lower() for token in self.tokens[at + 2 : at + 5]}
        elif word == "null" and self.tokens[at - 1].text == "=" and self._near:
            self.found.nulled.add(self._near)
        elif word == "merge":
            self._into, self._rows = _table_after(self.tokens, at), []
        elif word in {"conflict", "matched"} and self._into:
            self.found.upserted.setdefault(self._into, []).extend(self._rows)
            self._rows = []
        elif word == "enum":
            strings = (token for token in self.tokens[at + 1 :] if token.kind is TokenKind.STRING)
            self.found.labels += [string_value(token.text) for token in strings]

    def _constant(self, at: int, value: str) -> None:
        found, column = self.found, self._near if at - self._near_at <= _FAR else ""
        if column and at and self.tokens[at - 1].text.lower() == "default":
            found.defaults.setdefault(column, []).append(value)
        if at and self.tokens[at - 1].text in _JSON:
            found.keys.setdefault(column, []).append(value)
        elif self._writes and column and not self._inserts:
            found.written.setdefault(column, []).append(value)
        elif self._writes:
            found.inserted.add(value)
            self._rows.append(value)
        else:
            column = column or _column_after(self.tokens, at, self.columns)
            known = found.compared.setdefault(column, []) if column else found.loose
            known += [one for one in _met(value, self.tokens, at) if one not in known][: _MOST - len(known)]


def _is_code(text: str) -> bool:
    first = text.split(None, 1)[0].lower() if text.strip() else ""
    return first in {"delete", "update", "insert", "merge", "select", "with", "alter", "truncate", "create"}


def _is_modifier(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a number is a part of a type, such as varchar(255)."""
    while at > 1 and (tokens[at - 1].text == "," or tokens[at - 1].kind is TokenKind.NUMBER):
        at -= 1
    return at > 1 and tokens[at - 1].text == "(" and tokens[at - 2].text.lower() in _COUNTED_TYPES


def _is_negative(tokens: Sequence[Token], at: int) -> bool:
    return (
        at > 1
        and tokens[at - 1].text == "-"
        and tokens[at - 2].kind in {TokenKind.OPERATOR, TokenKind.PUNCTUATION}
    )


def _column_after(tokens: Sequence[Token], at: int, columns: Collection[str]) -> str:
    """Return the column of ``'a' = ANY (tags)``."""
    if at + 1 >= len(tokens) or tokens[at + 1].kind is not TokenKind.OPERATOR:
        return ""
    names = (token.text.strip('"').lower() for token in tokens[at + 2 : at + 7])
    return next((name for name in names if name in columns), "")


def _table_after(tokens: Sequence[Token], at: int) -> str:
    """Return the plain name of the table in ``INSERT INTO schema.name``."""
    names = [token.text.strip('"').lower() for token in tokens[at + 2 : at + 5]]
    return names[2] if names[1:2] == ["."] and len(names) > 2 else next(iter(names), "")


def _met(value: str, tokens: Sequence[Token], at: int) -> Iterator[str]:
    """Yield values that meet the condition, such as one that matches a LIKE pattern."""
    before = tokens[at - 1].text.lower() if at else ""
    if before in {"like", "ilike", "~~", "~~*"}:
        yield value.replace("%", "x1").replace("_", "a")
        yield value.replace("%", "").replace("_", "b")
    elif before in {"~", "~*"} or before == "to":
        yield value.strip("^$")
    elif before == "," and value and not any(character.isalnum() for character in value):
        yield f"One{value}two{value} Three"  # an argument that separates the parts of a text
    else:
        yield value


def string_value(text: str) -> str:
    """Return the text between the quotes."""
    if text.startswith("$"):
        tag = text[: text.index("$", 1) + 1]
        return text[len(tag) :].removesuffix(tag)
    start = text.find("'")
    return text[start + 1 :].removesuffix("'").replace("''", "'")
