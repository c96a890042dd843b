"""Names of tables and columns as rules compare them: without schema and quotes."""

from __future__ import annotations

from functools import lru_cache

from koonj.sql.called_names import bare
from koonj.sql.reader import Reader
from koonj.sql.tokens import Token, TokenKind, significant

NAME_KINDS = frozenset({TokenKind.WORD, TokenKind.QUOTED})


@lru_cache(1024)
def last_name(written: str) -> str:
    """Return the last part of a name as the catalog has it; empty for no name.

    The schema is omitted: which schema a name without one means depends on the search_path.
    """
    found = [token for token in significant(written) if token.kind in NAME_KINDS]
    return bare(found[-1]) if found else ""


@lru_cache(1024)
def schema_of(written: str) -> str:
    """Return the schema of a name as the catalog has it; empty if it is written without."""
    found = [token for token in significant(written) if token.kind in NAME_KINDS]
    return bare(found[-2]) if len(found) > 1 else ""


def column_names(tokens: list[Token]) -> tuple[str, ...]:
    """Return the names in a list such as ``(a, "B")``, which the tokens begin with.

    It ends before the first item that is more than a name, such as an expression.
    """
    if not tokens or tokens[0].text != "(":
        return ()
    names: list[str] = []
    for at in range(1, len(tokens), 2):
        if tokens[at].kind not in NAME_KINDS or at + 1 >= len(tokens):
            break
        if tokens[at + 1].text not in {",", ")"}:
            if tokens[at + 1].text.lower() in _ORDER:
                names.append(bare(tokens[at]))
            break
        names.append(bare(tokens[at]))
        if tokens[at + 1].text == ")":
            break
    return tuple(names)


_ORDER = frozenset({"asc", "desc", "nulls", "collate"})
"""Words after a column of an index; the columns after it are not read."""


def table_name(reader: Reader) -> str:
    """Read the name of a table after IF [NOT] EXISTS and ONLY, as written."""
    reader.accept("if", "not", "exists")
    reader.accept("if", "exists")
    reader.accept("only")
    name = reader.name()
    reader.accept("*")
    return name
