"""Tidying SQL for display and for new files; what it gives is never run unseen.

sqlparse does the work, statement by statement, as the lexer cuts them. What it gives is taken only where it
says the same: the same tokens, but for the case of words, and the same comments.
"""

from collections.abc import Sequence

from koonj.sql.keywords import is_keyword
from koonj.sql.lexer import Item, ItemKind, scan
from koonj.sql.tokens import BLANKS, Token, TokenKind, tokens

_TOO_LONG = 200_000
"""Characters; sqlparse takes seconds for more."""
_WIDE = 88
"""A query on one line that is longer is broken into several."""
_QUERIES = frozenset({"select", "insert", "update", "delete", "with"})


def pretty(sql: str) -> str:
    """The text with keywords in upper case and long queries broken into lines.

    What stands between the statements, the rows of a COPY, and the layout of a statement of several lines
    stay as they are. So does a statement that sqlparse does not understand, and a text of over 200,000
    characters.
    """
    if len(sql) > _TOO_LONG:
        return sql
    parts, at = [], 0
    for item in sorted(_whole_statements(sql), key=lambda item: item.start):
        parts += [sql[at : item.start], _statement(item.text)]
        at = item.end
    return "".join([*parts, sql[at:]])


def _whole_statements(sql: str) -> list[Item]:
    """The statements that stand in one piece."""
    return [
        item
        for item in scan(sql)
        if item.kind is ItemKind.STATEMENT and not item.pieces and not item.unterminated
    ]


def _statement(text: str) -> str:
    before = [token for token in tokens(text) if token.kind is not TokenKind.BLANK]
    words = [token.text.lower() for token in before if token.kind is TokenKind.WORD]
    body = text.rstrip(BLANKS)
    breakable = len(body) > _WIDE and "\n" not in body and words[:1] and words[0] in _QUERIES
    formatted = _formatted(body, reindent=bool(breakable))
    after = list(tokens(formatted))
    if not _same(before, [token for token in after if token.kind is not TokenKind.BLANK]):
        return text
    return _with_names_kept(before, after) + text[len(body) :]


def _formatted(text: str, *, reindent: bool) -> str:
    import sqlparse  # noqa: PLC0415 - most commands never format
    from sqlparse.exceptions import SQLParseError  # noqa: PLC0415

    try:
        return str(sqlparse.format(text, keyword_case="upper", reindent=reindent)).rstrip(BLANKS)
    except (SQLParseError, RecursionError):
        return text


def _same(before: Sequence[Token], after: Sequence[Token]) -> bool:
    """Whether two texts have the same tokens and comments, but for the case of words."""
    return len(before) == len(after) and all(map(_same_token, before, after))


def _same_token(one: Token, other: Token) -> bool:
    if one.kind is not other.kind:
        return False
    if one.kind is TokenKind.WORD:
        return one.text.lower() == other.text.lower()
    return one.text.rstrip(BLANKS) == other.text.rstrip(BLANKS)


def _with_names_kept(before: Sequence[Token], after: Sequence[Token]) -> str:
    """The formatted text, but with only those words in upper case that are keywords for sure."""
    words = [_word(token) for token in before]
    parts, number = [], 0
    for token in after:
        if token.kind is TokenKind.BLANK:
            parts.append(token.text)
            continue
        original = before[number].text
        keyword = token.kind is TokenKind.WORD and is_keyword(words, number)
        parts.append(original.upper() if keyword else original)
        number += 1
    return "".join(parts)


def _word(token: Token) -> str:
    """A token for the choice of keywords."""
    if token.kind is TokenKind.COMMENT:
        return ""
    return token.text.lower() if token.kind is TokenKind.WORD else token.text
