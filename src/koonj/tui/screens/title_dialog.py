"""The dialog that asks for the title of a file, and shows the name that it gives."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.widget import Widget
from textual.widgets import Input

from koonj.migrations.file_rename import FileRename
from koonj.migrations.name_comment import text_words
from koonj.migrations.names import name_parts
from koonj.migrations.new import SlugError
from koonj.migrations.retitle import retitled
from koonj.tui.render.run_lines import Line
from koonj.tui.render.unblock_lines import wrapped
from koonj.tui.screens.dialog import CLOSE, Dialog, DialogText
from koonj.tui.theme import BAD, STRONG
from koonj.tui.widgets.dialog_field import DialogField
from koonj.tui.widgets.footer import Hint

_LINES = 6
"""Lines of the text, however long the name is."""


class TitleDialog(Dialog[FileRename | None]):
    """Ask for the title of a migration. The result is the rename, or None."""

    HINTS = (Hint("Enter", "rename"), Hint("Esc", "cancel", command=CLOSE))

    def __init__(self, name: str, raw: bytes, note: str) -> None:
        """`raw`: bytes of the file. `note`: which targets are known not to have applied it."""
        super().__init__()
        self._file = name
        self._raw = raw
        self._note = note
        self._typed = name_parts(name)[1]

    def heading(self) -> str:
        return f"Rename {self._file}?"

    def lines(self, width: int) -> Sequence[Line]:
        """Return the name that the file would have, or why it cannot have the title."""
        rename = FileRename(self._file, self._file)
        try:
            rename = retitled(self._file, self._typed)
            words, looks = f"becomes {rename.new}", STRONG
        except SlugError as error:
            words, looks = str(error), BAD
        note = f"The number stays as it is. {text_words(self._raw, rename)} {self._note}".rstrip()
        return [*wrapped(words, width, 1, looks), [], *wrapped(note, width, 1)]

    def answers(self) -> Sequence[Widget]:
        return (DialogField(self._typed, placeholder="title"),)

    def min_lines(self, width: int) -> int:
        return _LINES

    @on(Input.Changed)
    def typed_more(self, event: Input.Changed) -> None:
        """Show the name that the file would have now."""
        event.stop()
        self._typed = event.value
        self.query_one(DialogText).rebuild()

    @on(Input.Submitted)
    def submitted(self, event: Input.Submitted) -> None:
        """Close with the rename, if there is one."""
        event.stop()
        try:
            rename = retitled(self._file, event.value)
        except SlugError as error:
            self.say(str(error))
            return
        if rename.new == rename.old:
            self.say("The file has this name already. Type another title, or press Esc to cancel.")
        else:
            self.dismiss(rename)
