"""What is open inside a statement: parentheses, and the blocks of a routine."""


class Nesting:
    """A stack of what is open, with the offset where each began. While it holds something, no semicolon ends.

    psql hears of no word in parentheses, so that a block never lies above a parenthesis.
    """

    __slots__ = ("_open",)

    def __init__(self) -> None:
        self._open: list[tuple[str, int]] = []

    def __bool__(self) -> bool:
        return bool(self._open)

    @property
    def innermost(self) -> tuple[str | None, int | None]:
        """What was opened last, and where; None twice when nothing is open."""
        return self._open[-1] if self._open else (None, None)

    @property
    def in_parentheses(self) -> bool:
        """Whether an opening parenthesis waits for its closing one."""
        return bool(self._open) and self._open[-1][0] == "("

    def open_parenthesis(self, at: int) -> None:
        """``(`` at this offset."""
        self._open.append(("(", at))

    def close_parenthesis(self) -> None:
        """``)``; one too many is passed by."""
        if self.in_parentheses:
            self._open.pop()

    def block_word(self, word: str, at: int) -> None:
        """BEGIN opens a block, and so does CASE inside one, as it ends with END too."""
        if word == "begin":
            self._open.append(("begin atomic", at))
        elif word == "case" and self._open:
            self._open.append(("case", at))
        elif word == "end" and self._open:
            self._open.pop()
