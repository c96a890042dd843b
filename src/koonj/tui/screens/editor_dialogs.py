"""A question with a few answers, a key each; no key answers it that was not meant for it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from koonj.tui.documents.edit_buffer import SaveState
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.key_presses import BACK
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint


class Ask(Dialog[str | None]):
    """Gives the key of an answer, or None for Esc."""

    WIDTH = 72

    def __init__(self, heading: str, text: str, answers: Sequence[tuple[str, str]], back: str) -> None:
        super().__init__()
        self._about = heading
        self._text = text
        self._keys_of = tuple(key for key, _ in answers)
        self._shown = (*(Hint(key, label) for key, label in answers), Hint("Esc", back, command=CLOSE))

    def heading(self) -> str:
        """What it is about."""
        return self._about

    def lines(self, width: int) -> Sequence[Line]:
        """What each answer means."""
        return [[(" " + text, PLAIN)] for text in wrap(self._text, width - 2)]

    @property
    def hints(self) -> tuple[Hint, ...]:
        """The answers."""
        return self._shown

    def on_mount(self) -> None:
        """The keys lead here."""
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        """An answer, or back."""
        if event.key in BACK:
            event.stop()
            self.close()
        elif event.key in self._keys_of:
            event.stop()
            self._decide(event, event.key)

    def _decide(self, event: events.Key, key: str) -> None:
        def answered() -> None:
            self.dismiss(key)

        self.decide(event, answered, f"That {key} came too soon, or was held down. Press it again.")


Question = tuple[str, str, tuple[tuple[str, str], ...], str]
"""Title, text, answers with their keys, and what Esc does."""


def unsaved(name: str) -> Question:
    """On leaving."""
    return (
        "Not saved",
        f"{name} was changed here and is not saved.",
        (("s", "save, close"), ("d", "discard")),
        "stay",
    )


def elsewhere(standing: SaveState) -> Question:
    """On saving over what another program did."""
    if standing is SaveState.GONE:
        text = "The file is not there any more: another program deleted or renamed it. o writes it again."
        return "Gone from disk", text, (("o", "write it again"),), "go on editing"
    text = (
        "Another program wrote the file since it was read here. o writes this text over its text; r reads "
        "its text, and what was typed here is lost."
    )
    return "Changed on disk", text, (("o", "overwrite"), ("r", "read its text")), "go on editing"


def ran(names: Sequence[str]) -> Question:
    """On changing what ran."""
    text = (
        f"It ran on {' and '.join(names)}. A migration is never modified once it ran: history keeps the text "
        "that ran and will call this one edited. To change what it did, write a new migration."
    )
    return "It ran already", text, (("s", "save all the same"),), "go on editing"
