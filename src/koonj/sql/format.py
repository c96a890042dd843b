"""Format SQL for display and for new files. Formatted SQL is never run unseen.

sqlparse formats each statement that the lexer finds. koonj uses the result only if it has the same tokens
(except for the case of words) and the same comments.
"""

from collections.abc import Sequence

from koonj.sql.keywords import is_keyword
from koonj.sql.lexer import Item, ItemKind, scan
from koonj.sql.tokens import BLANKS, Token, TokenKind, tokens

_TOO_LONG = 200_000
"""Maximum length in characters. sqlparse takes seconds for longer texts."""
_WIDE = 88
"""Maximum width of a query on one line. Longer ones are broken into several lines."""
_QUERIES = frozenset({"select", "insert", "update", "delete", "with"})


def pretty(sql: str) -> str:
    """Return the text with upper-case keywords and long queries broken into lines.

    Text between the statements, COPY rows and the layout of multi-line statements are unchanged. So are
    statements that sqlparse does not understand, and a text with more than 200,000 characters.
    """
    if len(sql) > _TOO_LONG:
        return sql
    parts, at = [], 0
    for item in sorted(_whole_statements(sql), key=lambda item: item.start):
        parts += [sql[at : item.start], _statement(item.text)]
        at = item.end
    return "".join([*parts, sql[at:]])


def _whole_statements(sql: str) -> list[Item]:
    """Return the statements that are in one piece."""
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
    import sqlparse  # noqa: PLC0415 - most commands do not format
    from sqlparse.exceptions import SQLParseError  # noqa: PLC0415

    try:
        return str(sqlparse.format(text, keyword_case="upper", reindent=reindent)).rstrip(BLANKS)
    except (SQLParseError, RecursionError):
        return text


def _same(before: Sequence[Token], after: Sequence[Token]) -> bool:
    """Return whether two texts have the same tokens and comments, ignoring word case."""
    return len(before) == len(after) and all(map(_same_token, before, after))


def _same_token(one: Token, other: Token) -> bool:
    if one.kind is not other.kind:
        return False
    if one.kind is TokenKind.WORD:
        return one.text.lower() == other.text.lower()
    return one.text.rstrip(BLANKS) == other.text.rstrip(BLANKS)


def _with_names_kept(before: Sequence[Token], after: Sequence[Token]) -> str:
    """Return the formatted text; only certain keywords are in upper case."""
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
    """Return the token's text as `is_keyword` expects it."""
    if token.kind is TokenKind.COMMENT:
        return ""
    return token.text.lower() if token.kind is TokenKind.WORD else token.text
