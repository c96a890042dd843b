"""The editor over a file that a form would write, and that does not exist yet."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from koonj.tui.screens import editor_dialogs as questions
from koonj.tui.screens.editor import Editor
from koonj.tui.screens.editor_dialogs import ChoiceDialog, Question
from koonj.tui.screens.editor_file import FileNews
from koonj.tui.screens.unwritten_text import UnwrittenText

if TYPE_CHECKING:
    from koonj.migrations.migration import Migration
    from koonj.sql.problem import Problem
    from koonj.tui.state.file_place import FilePlace
    from koonj.tui.state.snapshot import Snapshot

_ONLY_ONE = "The form writes only this file."
_NOT_WRITTEN = "This file is not written yet. Write it first; then the pattern can be opened from it."


@dataclass(frozen=True, slots=True)
class UnwrittenFile:
    """What the editor needs of the form."""

    keep: Callable[[str], None]
    """Gives the form the whole text of the file."""
    find: Callable[[Migration], Awaitable[tuple[Problem, ...]]]
    """Returns what the safety rules say about the file with another text."""
    has_others: bool
    """Whether the form writes more than this file."""


class UnwrittenEditor(Editor):
    """Edit one file of a form. The result is whether the form has a new text of it."""

    def __init__(
        self,
        migration: Migration,
        file: UnwrittenFile,
        snapshot: Callable[[], Snapshot],
    ) -> None:
        """Create the editor of `migration`, which has the text that the form has.

        Raises:
            NotEditable: the editor could not give the text back unchanged.
        """
        self._unwritten = file
        self.step = 0
        """Which file of the form follows: 1 for the next one, -1 for the one before, 0 for none."""
        super().__init__(migration, None, snapshot, lambda _, tell: tell(_NOT_WRITTEN))

    def _open_text(self, migration: Migration, file: object, news: FileNews) -> UnwrittenText:
        return UnwrittenText(migration.raw, self._unwritten.keep, news)

    def _ran_on(self) -> tuple[str, ...]:
        return ()

    def _known_problems(self) -> tuple[Problem, ...]:
        return ()

    async def _findings(self, present: Migration) -> tuple[Problem, ...]:
        return await self._unwritten.find(present)

    def _close_question(self) -> Question:
        return questions.unkept_question(self._migration.name)

    @property
    def offering(self) -> FilePlace | None:
        """None: a pattern would write its files before this one."""
        return None

    def _more_hints(self) -> tuple[tuple[str, str], ...]:
        return (("F5", "next file"),) if self._unwritten.has_others else ()

    def next_file(self, step: int) -> None:
        """Go to another file of the form; ask first if this one has changes that the form does not have."""
        if not self._unwritten.has_others:
            self._tell(_ONLY_ONE)
        elif self.dirty:
            dialog = ChoiceDialog(*self._close_question())
            self.app.push_screen(dialog, partial(self._handle_step_answer, step))
        else:
            self._end_with(step)

    def _handle_step_answer(self, step: int, answer: str | None) -> None:
        if answer == "s":
            self.save(partial(self._end_with, step))
        elif answer == "d":
            self._end_with(step)

    def _end_with(self, step: int) -> None:
        self.step = step
        self._end()
