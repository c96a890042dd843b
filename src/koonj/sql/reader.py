"""Read a statement word by word, only as far as needed."""

from collections.abc import Iterable, Iterator
from string import ascii_lowercase, ascii_uppercase

from koonj.sql.tokens import Token, TokenKind, significant

_NAME_PARTS = frozenset({TokenKind.WORD, TokenKind.QUOTED})


class Reader:
    """A cursor over the significant tokens of one statement, which are read on demand.

    Words are compared without case. A quoted name or a string keeps its quotes, so it never equals a keyword.
    """

    __slots__ = ("_at", "_more", "_seen", "_words")

    def __init__(self, text: str) -> None:
        self._more: Iterator[Token] = significant(text)
        self._seen: list[Token] = []
        self._words: list[str] = []  # the same tokens as `peek` returns them
        self._at = 0

    def again(self) -> "Reader":
        """Return another cursor at the start of the same statement.

        It reuses the tokens that were already read.
        """
        other = Reader("")
        other._more, other._seen, other._words = self._more, self._seen, self._words
        return other

    def token(self, ahead: int = 0) -> Token | None:
        """Return the token `ahead` positions after the next one; None after the end."""
        return self._seen[self._at + ahead] if self.peek(ahead) else None

    def peek(self, ahead: int = 0) -> str:
        """Return the text of that token, words in lower case; empty after the end."""
        wanted, words = self._at + ahead, self._words
        while len(words) <= wanted:
            token = next(self._more, None)
            if token is None:
                return ""
            self._seen.append(token)
            words.append(folded(token))
        return words[wanted]

    def take(self) -> str:
        """Return the next token's text as `peek` does, and move past it."""
        text = self.peek()
        self._at += 1
        return text

    def accept(self, *words: str) -> bool:
        """Move past these words if they come next, and return whether they did."""
        for ahead, word in enumerate(words):
            if self.peek(ahead) != word:
                return False
        self._at += len(words)
        return True

    def accept_one(self, words: Iterable[str]) -> str:
        """Move past the next token if it is in `words`, and return it; else empty."""
        return self.take() if self.peek() and self.peek() in words else ""

    def name(self) -> str:
        """Read a name as written, with its schema; empty if no name comes next."""
        parts = []
        while (token := self.token()) is not None and token.kind in _NAME_PARTS:
            parts.append(token.text)
            self._at += 1
            if self.peek() != "." or not self._name_follows():
                break
            self._at += 1
        return ".".join(parts)

    def _name_follows(self) -> bool:
        token = self.token(1)
        return token is not None and token.kind in _NAME_PARTS

    def parentheses(self) -> list[str]:
        """Read the parentheses that open here and return their content.

        Empty if no parenthesis opens here.
        """
        inside: list[str] = []
        depth = 0
        while self.peek():
            if self.peek() == ")":
                depth -= 1
            if depth > 0:
                inside.append(self.peek())
            if self.peek() == "(":
                depth += 1
            if depth <= 0:
                if inside or self.peek() == ")":
                    self._at += 1
                break
            self._at += 1
        return inside

    def top_level(self) -> Iterator[str]:
        """Yield the rest of the statement without parenthesized text, to its end."""
        depth = 0
        while text := self.take():
            if text == "(":
                depth += 1
            elif text == ")":
                depth -= 1
            elif depth <= 0:
                yield text

    def rest(self) -> Iterator[Token]:
        """Yield the remaining tokens."""
        while (token := self.token()) is not None:
            self._at += 1
            yield token


def folded(token: Token) -> str:
    """Return the text to compare: words in lower case, other tokens unchanged.

    Like PostgreSQL, this folds ASCII letters only.
    """
    if token.kind is not TokenKind.WORD:
        return token.text
    return token.text.lower() if token.text.isascii() else token.text.translate(_LOWER)


_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
