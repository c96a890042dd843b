"""Names as a user types them into a field of a pattern: without quotes wherever they are clear without."""

from __future__ import annotations

import re

from koonj.sql.called_names import bare
from koonj.sql.tokens import Token, TokenKind, significant

_BARE = re.compile(r'([^".,]*)')


def as_typed(name: str) -> str:
    """Return `name` as a user would type it, so that reading it gives `name` again."""
    return name if _BARE.fullmatch(name) and name == name.strip() else _quoted(name)


def as_typed_key(name: str) -> str:
    """Return the column `name` as a user would type it among the keys of an index, where the rest is SQL."""
    return name if name.isidentifier() else _quoted(name)


def typed_name(written: str) -> str:
    """Return a name of a statement, with its schema but not its database, as a user would type it."""
    found = [token for token in significant(written) if token.kind in _NAME_KINDS]
    return ".".join(as_typed(bare(token)) for token in found[-2:])


def typed_key(tokens: list[Token], written: str) -> str:
    """Return a key of an index, which is `written` in a statement, as a user would type it."""
    return as_typed_key(bare(tokens[0])) if [one.kind for one in tokens] == [TokenKind.WORD] else written


_NAME_KINDS = frozenset({TokenKind.WORD, TokenKind.QUOTED})


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
