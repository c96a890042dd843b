r"""Cut SQL text as psql cuts it: statements, meta-commands, and the rows of an inline COPY.

The rules are those of psql (psqlscan.l, psqlscanslash.l and mainloop.c of PostgreSQL 18): the server is never asked, so
a semicolon ends a statement unless it stands in a quote, a comment, parentheses, or between the BEGIN and END of a
function or procedure. psql variables are not expanded.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from re import Match

from koonj.sql import lexer_rules as rules
from koonj.sql import meta_commands
from koonj.sql.lexer_head import WATCHED, Head
from koonj.sql.lexer_rules import Words


class ItemKind(StrEnum):
    """What an item is."""

    STATEMENT = "statement"
    META = "meta-command"
    COPY_DATA = "copy data"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that psql would act on. Offsets are in characters of the whole text."""

    kind: ItemKind
    start: int
    end: int
    r"""A statement ends after its semicolon; the rows of a COPY before their ``\.``."""
    ended_by: str = ""
    r"""Of a statement: ``;``, ``eof``, or the meta-command that sent it, such as ``\g``."""
    name: str = ""
    r"""Of a meta-command: ``echo`` for ``\echo``."""
    unterminated: str | None = None
    """What the end of the text left open: ``'``, ``"``, the tag of a dollar quote, ``/*``, ``(``, ``begin atomic``."""
    opened_at: int | None = None
    """Where that began."""
    pieces: tuple[tuple[int, int], ...] | None = None
    r"""The parts of the text that make the statement, where ``\;`` or a meta-command cut it; None: all of it."""
    source: str = field(default="", repr=False, compare=False)

    @property
    def text(self) -> str:
        """The statement as it is sent, the meta-command, or the rows; taken from the source when asked for."""
        if self.pieces is None:
            return self.source[self.start : self.end]
        return "".join([self.source[start:end] for start, end in self.pieces])

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        """The parts of the source that make this item."""
        return ((self.start, self.end),) if self.pieces is None else self.pieces

    def offset_of(self, index: int) -> int:
        """Where the character ``index`` of ``text`` stands in the source; an index behind the last one is its end."""
        for start, end in self.spans:
            if index < end - start:
                return start + index
            index -= end - start
        return self.spans[-1][1]


def scan(text: str, *, standard_conforming_strings: bool = True) -> Iterator[Item]:
    r"""The items of ``text``, in order, read as they are asked for; time is linear in its length.

    A meta-command in the middle of a statement comes before that statement. A byte-order mark is skipped. Nothing is
    raised: what is open at the end of the text makes the last statement ``unterminated``.

    Args:
        text: the whole file; its line ends as they are.
        standard_conforming_strings: the server's setting; a SET in the text changes it, from the next line on.
    """
    return _Scanner(text, standard_strings=standard_conforming_strings).items()


def split(text: str) -> list[str]:
    """The texts of the statements only."""
    return [item.text for item in scan(text) if item.kind is ItemKind.STATEMENT]


class _Scanner:
    """The state of one reading. ``at`` only grows; ``ready`` holds the items that are to be given out next."""

    def __init__(self, text: str, *, standard_strings: bool) -> None:
        self.text = text
        self.at = 1 if text.startswith("\ufeff") else 0
        self.ready: list[Item] = []
        self.last: Item | None = None  # the statement that \g sends again
        self.copies = 0  # how many COPYs wait for their rows
        self.default_strings = standard_strings
        self.standard_strings = standard_strings
        self.switch: tuple[int, bool] | None = None  # the offset where standard_strings changes
        self._clear()

    def _clear(self) -> None:
        """Forget the statement that was being read."""
        self.start: int | None = None
        self.piece_start = 0
        self.pieces: list[tuple[int, int]] = []
        self.nesting: list[tuple[str, int]] = []  # what is open, and where it began
        self.heads: list[Head] = []  # one for each statement in it that is watched
        self._new_head()

    def items(self) -> Iterator[Item]:
        """The items, in order."""
        ready, blanks, size = self.ready, rules.blanks(), len(self.text)
        while found := blanks.match(self.text, self.at):
            self.at = found.end()
            if self.at >= size:
                return
            if self._meta_command_starts(self.at):
                self._meta_command(self.at)
            else:
                self._statement()
            if self.copies:
                self._copied_rows()
            yield from ready
            ready.clear()

    def _meta_command_starts(self, at: int) -> bool:
        r"""Whether the character at ``at`` is a backslash that is not of ``\;`` or ``\:``."""
        return self.text[at] == "\\" and self.text[at + 1 : at + 2] not in {";", ":"}

    # Statements: one event after the other.

    def _statement(self) -> None:
        """Read one statement, with the meta-commands inside it."""
        self.start = self.piece_start = self.at
        size = len(self.text)
        while self.start is not None:
            if self.switch:
                self._switch_strings(*self.switch)
            event = self.rule.match(self.text, self.at)
            assert event is not None, "a rule also matches nothing"
            before, self.at = self.at, event.end()
            if event.lastgroup:
                _HANDLERS[event.lastgroup](self, event)
            elif self.at >= size:
                self._end_of_text()
            elif self.at == before:
                self._leave_open(self.text[before], before)

    def _semicolon(self, event: Match[str]) -> None:
        if not self.nesting:
            self._send(";", event.end())

    def _open(self, event: Match[str]) -> None:
        self.nesting.append(("(", event.end() - 1))

    def _close(self, _event: Match[str]) -> None:
        if self._in_parentheses():
            self.nesting.pop()

    def _in_parentheses(self) -> bool:
        return bool(self.nesting) and self.nesting[-1][0] == "("

    def _comment(self, event: Match[str]) -> None:
        start = event.start("comment")
        self._jump(rules.end_of_comment(self.text, start), "/*", start)

    def _dollar_quote(self, event: Match[str]) -> None:
        tag = event["dollar"]
        self._jump(rules.end_of_dollar_quote(self.text, event.end(), tag), tag, event.start("dollar"))

    def _string(self, event: Match[str]) -> None:
        """A string that may hold backslash escapes, or that has a prefix which says that it does not."""
        prefix = event["string"][:-1].lower()
        content = event.end()
        if prefix in {"b", "x"}:  # '' is not an escaped quote in these
            end = rules.end_of_bit_string(self.text, content)
        else:
            end = rules.end_of_string(self.text, content, backslashes=prefix != "u&")
        self._jump(end, "'", content - 1)

    def _jump(self, end: int | None, quote: str, opened_at: int) -> None:
        """Go behind something quoted, or to the end of the text where ``quote`` is not closed."""
        if end is None:
            self._leave_open(quote, opened_at)
        else:
            self.at = end

    # The first words, and the blocks of routines.

    def _new_head(self) -> None:
        """A statement begins: every word of it is wanted."""
        self.head: Head | None = None
        self._listen(Words.ALL)

    def _listen(self, words: Words) -> None:
        self.words = words
        self.rule = rules.rule(
            words, backslashes=not self.standard_strings, one_token=self.switch is not None
        )

    def _word(self, event: Match[str]) -> None:
        word = event["word"].lower()
        if self.words is Words.BLOCK:
            self._block_word(word, event.start("word"))
        elif self.head is None and word not in WATCHED:
            self._listen(Words.NONE)
        else:
            self._head_word(word, event.end())

    def _head_word(self, word: str, end: int) -> None:
        if self.head is None:
            self.head = Head()
            self.heads.append(self.head)
        wanted = self.head.hear(word, end, nested=self._in_parentheses())
        if wanted is not self.words:
            self._listen(wanted)

    def _block_word(self, word: str, at: int) -> None:
        """BEGIN opens a block; inside one, CASE does too, as it also ends with END. All in parentheses is passed by."""
        if self._in_parentheses():
            return
        if word == "begin" or (word == "case" and self.nesting):
            self.nesting.append((f"{word} atomic" if word == "begin" else word, at))
        elif word == "end" and self.nesting:
            self.nesting.pop()

    # Backslashes.

    def _backslash(self, event: Match[str]) -> None:
        at = event.end() - 1
        if self._meta_command_starts(at):
            self._meta_command(at)
            return
        self.pieces.append((self.piece_start, at))  # \; and \: stand for the bare character
        self.piece_start = at + 1
        self.at = at + 2
        if self.text[at + 1] == ";":
            self._new_head()

    def _meta_command(self, at: int) -> None:
        name, end = meta_commands.read(self.text, at)
        if name in meta_commands.SENDING:
            self._send_by(name, at)
        elif name in meta_commands.RESETTING:
            self._clear()
        elif self.start is not None:
            self.pieces.append((self.piece_start, at))
            self.piece_start = end
        self.at = end
        item = Item(ItemKind.META, at, end, name=name, source=self.text)
        self.ready.append(item)
        if meta_commands.copies_from_stdin(name, item.text):
            self.copies += 1
        if name in meta_commands.QUITTING:
            self._quit()

    def _send_by(self, name: str, at: int) -> None:
        r"""Send what has been read, or, when that is nothing, the last statement once more."""
        if self.start is not None:
            self._send("\\" + name, at)
        elif self.last is not None:
            self.ready.append(
                replace(self.last, start=at, end=at, ended_by="\\" + name, pieces=self.last.spans)
            )

    def _quit(self) -> None:
        self.at = len(self.text)
        if self.start is not None:
            self._send("eof", self.at)

    # The end of a statement.

    def _send(
        self, ended_by: str, end: int, unterminated: tuple[str | None, int | None] = (None, None)
    ) -> None:
        """The statement is whole: give it out, and note what it changes for the text after it."""
        assert self.start is not None, "a statement has begun"
        pieces = (*self.pieces, (self.piece_start, end)) if self.pieces else None
        item = Item(ItemKind.STATEMENT, self.start, end, ended_by, "", *unterminated, pieces, self.text)
        self.ready.append(item)
        self.last = item
        for head in self.heads:
            self.copies += head.copies_rows()
            self._set_strings(head.standard_strings(self.text, default=self.default_strings))
        self._clear()

    def _end_of_text(self) -> None:
        kind, opened_at = self.nesting[-1] if self.nesting else (None, None)
        self._send("eof", len(self.text), (kind, opened_at))

    def _leave_open(self, quote: str, opened_at: int) -> None:
        """A quote or a comment is not closed: the rest of the text is inside it."""
        self.at = len(self.text)
        self._send("eof", self.at, (quote, opened_at))

    def _set_strings(self, value: bool | None) -> None:  # noqa: FBT001
        """psql looks at standard_conforming_strings once a line, so a change is felt on the next one."""
        if value is None:
            return
        if self.switch is None:
            newline = self.text.find("\n", self.at)
            self.switch = (len(self.text) if newline < 0 else newline, value)
        else:
            self.switch = (self.switch[0], value)

    def _switch_strings(self, at: int, value: bool) -> None:  # noqa: FBT001
        if self.at >= at:
            self.switch = None
            self.standard_strings = value
            self._listen(self.words)

    def _copied_rows(self) -> None:
        r"""The rows of the COPYs before, when nothing else stands on their line: from the next line to one of ``\.``"""
        line_end = rules.rest_of_line().match(self.text, self.at)
        if self.start is not None or not line_end:
            return
        self.at = line_end.end()
        while self.copies:
            self.copies -= 1
            end, after = rules.end_of_rows(self.text, self.at)
            self.ready.append(Item(ItemKind.COPY_DATA, self.at, end, source=self.text))
            self.at = after


_HANDLERS: Mapping[str, Callable[[_Scanner, Match[str]], None]] = {
    "semicolon": _Scanner._semicolon,
    "open": _Scanner._open,
    "close": _Scanner._close,
    "backslash": _Scanner._backslash,
    "comment": _Scanner._comment,
    "dollar": _Scanner._dollar_quote,
    "string": _Scanner._string,
    "word": _Scanner._word,
}
