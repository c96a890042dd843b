"""The text of a file that is not written yet, in an open editor. The form keeps it; nothing is on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from koonj.tui.documents.edit_buffer import FileText, SaveState
from koonj.tui.screens.editor_file import EditorText, FileNews

KEPT = "Kept in the form. It is not written yet."
"""What the editor says instead of "Saved."."""


class UnwrittenText(EditorText):
    """The text as the form has it, and how the text in the editor differs from it."""

    def __init__(self, raw: bytes, keep: Callable[[str], None], news: FileNews) -> None:
        """`keep` gives the form the whole text of the file.

        Raises:
            NotEditable: the editor could not give the text back unchanged.
        """
        super().__init__(FileText.from_bytes(raw))
        self._keep = keep
        self._news = news

    @property
    def save_state(self) -> SaveState:
        """How the text differs from that of the form."""
        return SaveState.UNKEPT if self.dirty else SaveState.UNWRITTEN

    def unsaved(self) -> None:
        """Return None: koonj keeps no draft of a text that belongs to a form, which ends with koonj too."""

    def save(self, on_saved: Callable[[], Any] | None = None) -> None:
        """Give the form the text; then call `on_saved`."""
        if self.dirty:
            text = self.area.text
            self._keep(self.opened.bom + text)
            self._take(text)
            self._news.saved()
            self._news.tell(KEPT)
        else:
            self._news.tell("The form has this text already. It is not written yet.")
        if on_saved is not None:
            on_saved()
