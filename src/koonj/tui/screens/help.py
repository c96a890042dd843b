"""The help: every key, from the commands themselves, what states and verdicts mean. It can be searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from koonj.tui.commands.availability import Offer, having
from koonj.tui.commands.command import Group
from koonj.tui.render.legend import SIGNS, having_words, legend_lines
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog, DialogText
from koonj.tui.theme import ACCENT, DIM, PLAIN, STRONG
from koonj.tui.toolkit.key_presses import BACK
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import BottomLine, Hint
from koonj.tui.widgets.search_input import SearchRow

_SEARCH = "/"
_NARROW = 60
"""Cells; with fewer the help of a command stands under its keys."""
_INDENT = 4

_READING = (Hint("/", "search", command=_SEARCH), Hint("j/k", "scroll"), Hint("Esc", "close", command=CLOSE))
_SEARCHING = (Hint("Enter", "keep"), Hint("Up/Down", "scroll"), Hint("Esc", "all again", command=CLOSE))


class HelpDialog(Dialog[None]):
    """All commands by group, those of the pane that had the keys first."""

    HINTS = _READING

    def __init__(self, offers: Sequence[Offer], first: str) -> None:
        super().__init__()
        self._offers = offers
        self._groups = sorted(Group, key=lambda group: not group.heading.startswith(first))
        self._typed = ""

    # What it shows

    def heading(self) -> str:
        """What it is; how many of how many, while something is sought."""
        if not self._typed.strip():
            return "Help"
        count = len(self._offers) + len(SIGNS)
        found = len(having(self._offers, self._typed)) + len(having_words(self._typed))
        return f"Help  /{self._typed}  {found} of {count}"

    def lines(self, width: int) -> Sequence[Line]:
        """Group by group, and then states and verdicts."""
        return self._sought(width, self._typed)

    def _sought(self, width: int, typed: str) -> Sequence[Line]:
        found = having(self._offers, typed)
        keys = 2 + max((len(_keys(offer)) for offer in self._offers), default=0)
        names = 2 + max((len(offer.name) for offer in self._offers), default=0)
        lines: list[Line] = []
        for group in self._groups:
            members = [offer for offer in found if offer.group is group]
            if members:
                lines += [[], [(f" {group.heading}", ACCENT)]]
            for offer in members:
                lines += _entry(offer, keys, names, width)
        lines += legend_lines(having_words(typed), width)
        return lines[1:] or [[(" nothing has these words; Esc shows everything again", DIM)]]

    def answers(self) -> Sequence[Widget]:
        """The line to search in, unseen until it is asked for."""
        row = SearchRow(_SEARCH, "key, name or words")
        row.visible = False
        return (row,)

    @property
    def asked(self) -> int:
        """The line to search in."""
        return 1

    def on_mount(self) -> None:
        """The keys lead to the text."""
        super().on_mount()
        self.pane.focus()

    def fewest(self, width: int) -> int:
        """As many as all commands and signs take."""
        return 1 + len(self._sought(width, ""))

    # What is done

    @property
    def _row(self) -> SearchRow:
        return self.query_one(SearchRow)

    def on_key(self, event: events.Key) -> None:
        """The keys that search, and those that close."""
        typing = self._row.line.has_focus
        if event.key in BACK or (event.key in {"q", "question_mark", "f1"} and not typing):
            event.stop()
            self.close()
        elif event.key == "slash" and not typing:
            event.stop()
            self._search()

    def close(self) -> None:
        """First what was sought, then the help itself."""
        if not self._row.visible:
            self.dismiss(None)
            return
        self._row.line.value = ""
        self._read()
        self._row.visible = False

    @on(BottomLine.Clicked)
    def searched(self, event: BottomLine.Clicked) -> None:
        """A click on the key that searches."""
        if event.command == _SEARCH:
            self._search()

    def _search(self) -> None:
        self._row.visible = True
        self._row.line.focus()
        self.query_one("#keys", BottomLine).hints = _SEARCHING

    def _read(self) -> None:
        self.pane.focus()
        self.query_one("#keys", BottomLine).hints = _READING

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """Live."""
        event.stop()
        self._typed = event.value
        self.query_one(DialogText).make_again()

    @on(Input.Submitted)
    def kept(self, event: Input.Submitted) -> None:
        """What was found stays, and the keys scroll it."""
        event.stop()
        self._read()


def _keys(offer: Offer) -> str:
    return " ".join(offer.keys)


def _entry(offer: Offer, keys: int, names: int, width: int) -> Iterator[Line]:
    """Keys, name, help; what cannot be used now is dim, and says why."""
    usable = offer.reason is None
    looks = (STRONG, PLAIN) if usable else (DIM, DIM)
    narrow = width < _NARROW
    lead: Line = [("   " + _keys(offer).ljust(keys), looks[0]), (offer.name.ljust(names), DIM)]
    left = _INDENT + 2 if narrow else 3 + keys + names
    texts: list[Line] = [[(text, looks[1])] for text in wrap(offer.help, width - left - 1)]
    if offer.reason is not None:
        texts += [[(text, PLAIN)] for text in wrap(f"Not now: {offer.reason}", width - left - 1)]
    if narrow:
        yield lead
    else:
        yield [*lead, *texts.pop(0)]
    for text in texts:
        yield [(" " * left, PLAIN), *text]
