"""Extract the description of a migration from the leading comments of its file."""

import re
from functools import cache

from koonj.sql.tokens import TokenKind, tokens


def description_of(comments: str) -> str:
    """Return the prose of a file's leading comments.

    The name of the file, settings and rulers are omitted.

    Args:
        comments: the text before the first statement.
    """
    lines: list[str] = []
    comments = comments.removeprefix("\ufeff")
    for token in tokens(comments):
        if token.kind is TokenKind.COMMENT:
            lines += _prose(token.text)
        elif token.text.count("\n") > 1:
            lines.append("")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _prose(comment: str) -> list[str]:
    if comment.startswith("--"):
        lines = [comment[2:].removeprefix(" ").rstrip()]
    else:
        inside = comment.removeprefix("/*").removesuffix("*/")
        lines = [line.strip().removeprefix("*").strip() for line in inside.splitlines()]
    return [line if _has_words(line) else "" for line in lines if not _omitted().match(line)]


def _has_words(line: str) -> bool:
    """Return whether the line is more than a ruler of dashes."""
    return any(character.isalnum() for character in line)


@cache
def _omitted() -> re.Pattern[str]:
    """Return the pattern for lines to omit: the name of the file, and settings."""
    return re.compile(r"[ \t]*(?:[0-9]+[_-][^\s]+\.sql[ \t]*$|koonj[ \t]*:)", re.IGNORECASE)
