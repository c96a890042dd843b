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
