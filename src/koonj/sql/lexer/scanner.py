"""Scan a text event by event and produce its items."""

from collections.abc import Callable, Iterator, Mapping
from re import Match
from typing import ClassVar

from koonj.sql.lexer import meta_commands, quotes, rules
from koonj.sql.lexer.first_words import WATCHED, FirstWords
from koonj.sql.lexer.item import Item, ItemKind
from koonj.sql.lexer.nesting import Nesting
from koonj.sql.lexer.rules import ReportedWords
from koonj.sql.lexer.strings_setting import StringsSetting


class Scanner:
    """The state of one scan.

    ``_at`` only grows; ``_ready`` holds the items to yield next.
    """

    def __init__(self, text: str, *, standard_strings: bool) -> None:
        self._text = text
        self._at = 1 if text.startswith("\ufeff") else 0
        self._ready: list[Item] = []
        self._last: Item | None = None  # \g sends this statement again
        self._copies = 0  # COPY statements whose rows have not been read yet
        self._strings = StringsSetting(text, standard=standard_strings)
        self._clear()

    def items(self) -> Iterator[Item]:
        """Yield the items in order."""
        ready, blanks, size = self._ready, rules.blanks(), len(self._text)
        while True:
            yield from self._usual_statements()
            found = blanks.match(self._text, self._at)
            self._at = found.end() if found else size
            if self._at >= size:
                return
            if meta_commands.starts(self._text, self._at):
                self._meta_command(self._at)
            else:
                self._statement()
            if self._copies:
                self._copied_rows()
            yield from ready
            ready.clear()

    def _usual_statements(self) -> Iterator[Item]:
        """Yield the next statements, as long as one match reads a whole one."""
        if self._copies or not self._strings.standard or self._strings.changes_at is not None:
            return
        text, match = self._text, rules.usual_statement(WATCHED).match
        while found := match(text, self._at):
            start, self._at = found.span(1)
            self._last = Item(ItemKind.STATEMENT, start, self._at, ";", source=text)
            yield self._last

    # Read one statement, event by event.

    def _clear(self) -> None:
        """Discard the statement that is being read."""
        self._start: int | None = None
        self._piece_start = 0
        self._pieces: list[tuple[int, int]] = []
        self._nesting = Nesting()
        self._heads: list[FirstWords] = []  # of the watched statements that \; joins in this one
        self._new_head()

    def _statement(self) -> None:
        """Read one statement and the meta-commands inside it."""
        self._start = self._piece_start = self._at
        size = len(self._text)
        while self._start is not None and (event := self._next_event()):
            self._at = event.end()
            if event.lastgroup:
                self._handlers[event.lastgroup](self, event)
            elif self._at >= size:
                self._send("eof", size, self._nesting.innermost)

    def _next_event(self) -> Match[str] | None:
        if self._strings.changes_at is not None and self._strings.reach(self._at):
            self._listen(self._words)
        return self._rule.match(self._text, self._at)

    def _on_semicolon(self, event: Match[str]) -> None:
        if not self._nesting:
            self._send(";", event.end())

    def _on_open(self, event: Match[str]) -> None:
        self._nesting.open_parenthesis(event.end() - 1)

    def _on_close(self, _event: Match[str]) -> None:
        self._nesting.close_parenthesis()

    def _on_comment(self, event: Match[str]) -> None:
        start = event.start("comment")
        self._jump(quotes.end_of_comment(self._text, start), "/*", start)

    def _on_dollar(self, event: Match[str]) -> None:
        tag = event["dollar"]
        self._jump(quotes.end_of_dollar_quote(self._text, event.end(), tag), tag, event.start("dollar"))

    def _on_string(self, event: Match[str]) -> None:
        prefix = event["string"][:-1].lower()
        backslashes = prefix == "e" or (not prefix and not self._strings.standard)
        end = quotes.end_of_string(
            self._text, event.end(), backslashes=backslashes, doubled=prefix not in {"b", "x"}
        )
        self._jump(end, "'", event.end() - 1)

    def _on_identifier(self, event: Match[str]) -> None:
        self._jump(quotes.end_of_identifier(self._text, event.end()), '"', event.end() - 1)

    def _jump(self, end: int | None, quote: str, opened_at: int) -> None:
        """Move to the offset `end`; if it is None, report ``quote`` as unterminated."""
        if end is None:
            self._leave_open(quote, opened_at)
        else:
            self._at = end

    def _leave_open(self, quote: str, opened_at: int) -> None:
        self._at = len(self._text)
        self._send("eof", self._at, (quote, opened_at))

    # Read words: the first ones of a statement, and those of a routine's blocks.

    def _new_head(self) -> None:
        """Start a statement: every word must be reported."""
        self._head: FirstWords | None = None
        self._listen(ReportedWords.ALL)

    def _listen(self, words: ReportedWords) -> None:
        self._words = words
        strings = self._strings
        self._rule = rules.rule(
            words, backslashes=not strings.standard, one_token=strings.changes_at is not None
        )

    def _on_word(self, event: Match[str]) -> None:
        word = event["word"].lower()
        if self._nesting.in_parentheses:
            return  # psql ignores words in parentheses
        if self._words is ReportedWords.BLOCK:
            self._nesting.block_word(word, event.start("word"))
        elif self._head is None and word not in WATCHED:
            self._listen(ReportedWords.NONE)
        else:
            self._head_word(word, event.end())

    def _head_word(self, word: str, end: int) -> None:
        if self._head is None:
            self._head = FirstWords()
            self._heads.append(self._head)
        wanted = self._head.add_word(word, end)
        if wanted is not self._words:
            self._listen(wanted)

    # Handle backslashes.

    def _on_backslash(self, event: Match[str]) -> None:
        at = event.end() - 1
        if meta_commands.starts(self._text, at):
            self._meta_command(at)
            return
        self._pieces.append((self._piece_start, at))  # \; and \: stand for the bare character
        self._piece_start = at + 1
        self._at = at + 2
        if self._text[at + 1] == ";" and not self._nesting:
            self._new_head()

    def _meta_command(self, at: int) -> None:
        name, end = meta_commands.read(self._text, at)
        if name in meta_commands.SENDING:
            self._send_by(name, at)
        elif name in meta_commands.QUITTING:
            self._send("\\" + name, at)
        elif name in meta_commands.RESETTING:
            self._clear()
        elif self._start is not None:
            self._cut_out(at, end)
        self._at = end
        item = Item(ItemKind.META, at, end, name=name, source=self._text)
        self._ready.append(item)
        self._copies += meta_commands.copies_from_stdin(name, item.text)
        if name in meta_commands.QUITTING:
            self._at = len(self._text)

    def _cut_out(self, at: int, end: int) -> None:
        """Remove a meta-command from its statement, as psql does.

        The line ends before it are removed too.
        """
        while at > self._piece_start and self._text[at - 1] == "\n":
            at -= 1
        self._pieces.append((self._piece_start, at))
        self._piece_start = end

    def _send_by(self, name: str, at: int) -> None:
        r"""Handle ``\g`` and similar: send the text read so far or the last statement."""
        if self._start is not None:
            self._send("\\" + name, at)
        elif self._last is not None:
            self._ready.append(
                self._last._replace(start=at, end=at, ended_by="\\" + name, pieces=self._last.spans)
            )

    # Finish a statement.

    def _send(self, ended_by: str, end: int, left_open: tuple[str | None, int | None] = (None, None)) -> None:
        """Emit the text read so far, and record what it changes for the text after it."""
        if self._start is None:
            return
        pieces = (*self._pieces, (self._piece_start, end)) if self._pieces else None
        self._last = Item(ItemKind.STATEMENT, self._start, end, ended_by, "", *left_open, pieces, self._text)
        self._ready.append(self._last)
        for head in self._heads:
            self._copies += head.copies_rows()
            standard = head.standard_strings(self._text, default=self._strings.default)
            if standard is not None:
                self._strings.set_after(end, standard=standard)
        self._clear()

    def _copied_rows(self) -> None:
        """Read the rows of the preceding COPY statements.

        The rows start on the next line, if nothing else follows on the line of the COPY. psql takes the rows
        at the semicolon and reads the rest of that line after them. The result is the same, except for a
        statement that begins after the COPY and continues over the end of the line.
        """
        line_end = rules.rest_of_line().match(self._text, self._at)
        if not line_end:
            return
        self._at = line_end.end()
        while self._copies:
            self._copies -= 1
            mark = rules.end_of_rows().search(self._text, self._at)
            end = mark.start() if mark else len(self._text)
            ended_by = "\\." if mark else "eof"
            self._ready.append(Item(ItemKind.COPY_DATA, self._at, end, ended_by, source=self._text))
            self._at = mark.end() if mark else end

    _handlers: ClassVar[Mapping[str, Callable[["Scanner", Match[str]], None]]] = {
        "semicolon": _on_semicolon,
        "open": _on_open,
        "close": _on_close,
        "comment": _on_comment,
        "dollar": _on_dollar,
        "string": _on_string,
        "identifier": _on_identifier,
        "word": _on_word,
        "backslash": _on_backslash,
    }
