"""The prose of a file's leading comments."""

import re
from functools import cache

from koonj.sql.tokens import TokenKind, tokens


def description_of(comments: str) -> str:
    """The prose in the leading comments of a file, without the file's own name, settings and rulers.

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
    return [line if _says_something(line) else "" for line in lines if not _left_out().match(line)]


def _says_something(line: str) -> bool:
    """Whether there is more on it than a ruler of dashes."""
    return any(character.isalnum() for character in line)


@cache
def _left_out() -> re.Pattern[str]:
    """The file's name, and settings."""
    return re.compile(r"[ \t]*(?:[0-9]+[_-][^\s]+\.sql[ \t]*$|koonj[ \t]*:)", re.IGNORECASE)
