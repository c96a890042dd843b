"""Reading a statement word by word, as far as is needed."""

from collections.abc import Iterable, Iterator

from koonj.sql.tokens import Token, TokenKind, significant

_NAME_PARTS = frozenset({TokenKind.WORD, TokenKind.QUOTED})


class Reader:
    """A cursor over the significant tokens of one statement, read from the text as they are asked for.

    Words are compared without case. A quoted name or a string keeps its quotes, so it never equals a keyword.
    """

    __slots__ = ("_at", "_more", "_seen", "_words")

    def __init__(self, text: str) -> None:
        self._more: Iterator[Token] = significant(text)
        self._seen: list[Token] = []
        self._words: list[str] = []  # the same, as `peek` gives them
        self._at = 0

    def again(self) -> "Reader":
        """Another cursor at the start of the same statement; what has been read is not read twice."""
        other = Reader("")
        other._more, other._seen, other._words = self._more, self._seen, self._words
        return other

    def token(self, ahead: int = 0) -> Token | None:
        """The token that many after the next one; None behind the end."""
        return self._seen[self._at + ahead] if self.peek(ahead) else None

    def peek(self, ahead: int = 0) -> str:
        """That token's text, a word in lower case; empty behind the end."""
        wanted, words = self._at + ahead, self._words
        while len(words) <= wanted:
            token = next(self._more, None)
            if token is None:
                return ""
            self._seen.append(token)
            words.append(folded(token))
        return words[wanted]

    def take(self) -> str:
        """The next token's text as `peek` gives it, and go on behind it."""
        text = self.peek()
        self._at += 1
        return text

    def accept(self, *words: str) -> bool:
        """Go on behind these words if they are the next ones."""
        for ahead, word in enumerate(words):
            if self.peek(ahead) != word:
                return False
        self._at += len(words)
        return True

    def accept_one(self, words: Iterable[str]) -> str:
        """Go on behind the next token if it is one of these words, and give it; empty if it is none."""
        return self.take() if self.peek() and self.peek() in words else ""

    def name(self) -> str:
        """A name as it is written, with its schema; empty where no name is next."""
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
        """What stands in the parentheses that open here, without them; empty where none do."""
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
        """The rest of the statement from here, without what stands in parentheses. Reads it to its end."""
        depth = 0
        while text := self.take():
            if text == "(":
                depth += 1
            elif text == ")":
                depth -= 1
            elif depth <= 0:
                yield text

    def rest(self) -> Iterator[Token]:
        """The tokens from here on."""
        while (token := self.token()) is not None:
            self._at += 1
            yield token


def folded(token: Token) -> str:
    """The text to compare: a word in lower case (PostgreSQL folds ASCII letters), all else as it is."""
    if token.kind is TokenKind.WORD and token.text.isascii():
        return token.text.lower()
    return token.text
