"""The questions of the editor: each answer has a key."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events

from koonj.tui.documents.edit_buffer import SaveState
from koonj.tui.render.run_lines import Line
from koonj.tui.screens.dialog import CLOSE, Dialog
from koonj.tui.theme import PLAIN
from koonj.tui.toolkit.strips import wrap
from koonj.tui.widgets.footer import Hint


class ChoiceDialog(Dialog[str | None]):
    """Ask a question. The result is the key of the answer, or None for Esc."""

    WIDTH = 72

    def __init__(self, heading: str, text: str, answers: Sequence[tuple[str, str]], back: str) -> None:
        super().__init__()
        self._about = heading
        self._text = text
        self._keys_of = tuple(key for key, _ in answers)
        self._shown = (*(Hint(key, label) for key, label in answers), Hint("Esc", back, command=CLOSE))

    def heading(self) -> str:
        return self._about

    def lines(self, width: int) -> Sequence[Line]:
        return [[(" " + text, PLAIN)] for text in wrap(self._text, width - 2)]

    @property
    def hints(self) -> tuple[Hint, ...]:
        return self._shown

    def on_mount(self) -> None:
        self.pane.focus()

    def on_key(self, event: events.Key) -> None:
        if event.key in self._keys_of:
            event.stop()
            self._decide(event, event.key)

    def _decide(self, event: events.Key, key: str) -> None:
        def close() -> None:
            self.dismiss(key)

        self.decide(event, close, f"Ignored: {key} was pressed too early or held down. Press it again.")


Question = tuple[str, str, tuple[tuple[str, str], ...], str]
"""Title, text, answers as pairs of key and label, and the label of Esc."""


def unsaved_question(name: str) -> Question:
    """Return the question for closing with unsaved changes."""
    return (
        "Not saved",
        f"{name} has unsaved changes.",
        (("s", "save and close"), ("d", "discard changes")),
        "keep editing",
    )


def unkept_question(name: str) -> Question:
    """Return the question for closing a file of a form with changes that the form does not have."""
    return (
        "Not kept",
        f"{name} has changes that the form does not have. It is not written yet.",
        (("s", "keep and close"), ("d", "discard changes")),
        "keep editing",
    )


def pattern_text_question(names: Sequence[str]) -> Question:
    """Return the question for giving up the edited texts of a form's files. The answers are digits."""
    text = (
        f"{listed_names(names)} {'was' if len(names) == 1 else 'were'} edited by hand. "
        "With the text of the pattern, the changes are lost, and the file follows the fields again."
    )
    answers = tuple((str(at), f"text of {name.partition('_')[0]}") for at, name in enumerate(names[:9], 1))
    more = (("a", "of all"),) if len(names) > 1 else ()
    return "The pattern's text", text, (*answers, *more), "keep the edited text"


def unwritten_question(names: Sequence[str]) -> Question:
    """Return the question for closing a form whose edited files are not written."""
    was = "was" if len(names) == 1 else "were"
    text = (
        f"{listed_names(names)} {was} edited by hand and {was} not written. "
        "If the form is closed, the text is lost."
    )
    return "Not written", text, (("d", "discard changes"),), "back to the form"


def listed_names(names: Sequence[str]) -> str:
    """Return file names as words: ``016_a.sql and 017_b.sql``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def disk_question(state: SaveState) -> Question:
    """Return the question for saving a file that another program changed or deleted."""
    if state is SaveState.DELETED_ON_DISK:
        text = (
            "The file is missing: another program deleted or renamed it. "
            "To create it again with this text, press o."
        )
        return "Missing on disk", text, (("o", "recreate"),), "keep editing"
    text = (
        "Another program changed the file after koonj read it. To replace its text with yours, press o. "
        "To load its text and discard your changes, press r."
    )
    return "Changed on disk", text, (("o", "overwrite"), ("r", "reload")), "keep editing"


def applied_question(names: Sequence[str]) -> Question:
    """Return the question for saving a migration that was applied."""
    text = (
        f"This migration was applied on {' and '.join(names)}. "
        "Do not change a migration after it was applied. "
        "If its statements change, its state becomes edited, which blocks the next apply. "
        "To change the schema, write a new migration."
    )
    return "Already applied", text, (("s", "save anyway"),), "keep editing"


def left_question(name: str, at: str, state: SaveState | None) -> Question:
    """Return the question about unsaved text that koonj kept at `at`; `state`: of the file since then."""
    since = ""
    if state is SaveState.DELETED_ON_DISK:
        since = " The file is missing now: another program deleted or renamed it."
    elif state is SaveState.CHANGED_ON_DISK:
        since = " Another program has changed the file since then; koonj asks before it replaces that."
    text = (
        f"{name} had text that was not saved when koonj ended. koonj kept it at {at}.{since} "
        "To go on with it, press e: it is not saved before you do that. To discard it, press d."
    )
    return "Unsaved text", text, (("e", "edit it"), ("d", "discard it")), "decide later"
