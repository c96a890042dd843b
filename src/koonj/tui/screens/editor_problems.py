"""The problems of the text in the editor: what failed with it, and what koonj finds as the user types."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.screen import Screen
from textual.timer import Timer

from koonj.tui.documents.editor_analysis import analyze_for_editor
from koonj.tui.documents.file_places import moved, problem_places, unchanged, with_present_lines
from koonj.tui.state.file_place import FilePlace, PlaceSource, joined
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.problem_list import ProblemList
from koonj.tui.widgets.sql_editor import SqlEditor
from koonj.tui.workers.check_findings import merged

if TYPE_CHECKING:
    from koonj.migrations.migration import Migration
    from koonj.sql.problem import Problem

PAUSE = 0.25
"""Seconds after the last key before the text is examined again."""


class EditorProblems:
    """Examines the text, and shows its problems in the list and in the text."""

    def __init__(
        self,
        screen: Screen[Any],
        area: SqlEditor,
        read: Callable[[], Migration],
        known: Callable[[], Sequence[Problem]],
        report: Callable[[Migration], Awaitable[tuple[Problem, ...]]],
        say: Callable[[str], None],
        failures: tuple[FilePlace, ...],
    ) -> None:
        """`read` returns the migration with the text as it is now.

        `known`: its problems that are not in its text. `report`: what the safety rules say about it.
        `failures`: what failed with this text.
        """
        self.listed = ProblemList()
        self._screen = screen
        self._area = area
        self._read = read
        self._known = known
        self._report = report
        self._say = say
        self._failures = failures
        self._checked: tuple[FilePlace, ...] = ()
        """Problems of the text, as they were found last."""
        self._pause: Timer | None = None

    def start(self) -> None:
        """List the failures whose lines are still in the text; then examine it."""
        self._failures = with_present_lines(self._failures, self._line)
        self._list()
        self.examine()

    def changed(self) -> None:
        """Examine the text when the user pauses."""
        if self._pause is not None:
            self._pause.stop()
        self._pause = self._screen.set_timer(PAUSE, self.examine)

    def loaded(self) -> None:
        """Keep the failures whose line the new text has, and examine it."""
        self._failures = unchanged(self._failures, self._line)
        self.examine()

    def saved(self) -> None:
        """Keep the failures whose line the user did not change, and examine the text."""
        self._failures = unchanged(self._failures, self._present_line)
        self.examine()

    def take(self, failures: tuple[FilePlace, ...], *, dirty: bool) -> None:
        """Take the result of a new rehearsal of the file.

        If the text has unsaved changes (`dirty`), its line is not known here.
        """
        new = tuple(place for place in failures if place.source is PlaceSource.REHEARSAL)
        old = tuple(place for place in self._failures if place.source is PlaceSource.REHEARSAL)
        if [place.message for place in new] == [place.message for place in old]:
            return
        if dirty:
            new = tuple(replace(place, line=None, column=None) for place in new)
        kept = (place for place in self._failures if place not in old)
        self._failures = (*kept, *with_present_lines(new, self._line))
        self._list()
        self.examine()

    def mark(self, row: int) -> None:
        """Mark the problem of a line in the list."""
        here = self._area.looks.problems_at(row)
        self.listed.current = here[0] if here else None

    def examine(self) -> None:
        """Look for problems in the text as it is now."""
        text, migration = self._area.text, self._read()
        start_task(self._screen, partial(self._examine, text, migration), "examine", exclusive=True)

    async def _examine(self, text: str, migration: Migration) -> None:
        try:
            found = await analyze_for_editor(migration)
            reported = await self._report(migration)
        except (OSError, RuntimeError) as error:
            self._say(f"koonj could not check the text: {error}")
            return
        if self._area.text != text:
            return
        self._failures = moved(self._failures, self._area.looks.row_of)
        self._checked = problem_places(migration.name, (*self._known(), *merged(found.problems, reported)))
        self._area.update_analysis(joined((*self._failures, *self._checked)), found.highlighting)
        self._list()

    def _list(self) -> None:
        self.listed.problems = joined((*self._failures, *self._checked))
        self.mark(self._area.cursor_location[0])

    def _line(self, index: int) -> str | None:
        document = self._area.document
        return document.get_line(index) if 0 <= index < document.line_count else None

    def _present_line(self, index: int) -> str | None:
        """Return the text that a line of the text that was examined last has now."""
        row = self._area.looks.row_of(index)
        return None if row is None else self._line(row)
