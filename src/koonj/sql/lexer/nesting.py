"""Track open parentheses and routine blocks inside a statement."""


class Nesting:
    """A stack of open parentheses and blocks, with the offset where each begins.

    While it is not empty, a semicolon does not end the statement. psql ignores words in parentheses, so a
    block is never above a parenthesis on the stack.
    """

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: list[tuple[str, int]] = []

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def innermost(self) -> tuple[str | None, int | None]:
        """The last opened element and its offset; (None, None) if nothing is open."""
        return self._open[-1] if self._open else (None, None)

    @property
    def in_parentheses(self) -> bool:
        """Whether the innermost open element is a parenthesis."""
        return bool(self._open) and self._open[-1][0] == "("

    def open_parenthesis(self, at: int) -> None:
        """Record the ``(`` at this offset."""
        self._open.append(("(", at))

    def close_parenthesis(self) -> None:
        """Close the innermost parenthesis; ignore a ``)`` without a matching ``(``."""
        if self.in_parentheses:
            self._open.pop()

    def block_word(self, word: str, at: int) -> None:
        """Update the stack for BEGIN, CASE or END.

        CASE counts because it ends with END too.
        """
        if word == "begin":
            self._open.append(("begin atomic", at))
        elif word == "case" and self._open:
            self._open.append(("case", at))
        elif word == "end" and self._open:
            self._open.pop()
