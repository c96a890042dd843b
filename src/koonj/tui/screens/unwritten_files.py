"""Opens koonj's editor over the files of a form that are not written yet, and checks what was edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from koonj.migrations.migration import Migration
from koonj.migrations.names import number_of
from koonj.sql.file_hash import file_hash
from koonj.tui.documents.draft_edits import DraftEdits
from koonj.tui.documents.draft_listing import DraftListing, ListedFile
from koonj.tui.documents.drafts import DraftSource
from koonj.tui.documents.edit_buffer import NotEditable
from koonj.tui.documents.editor_analysis import analyze_for_editor
from koonj.tui.documents.file_places import problem_places
from koonj.tui.screens.editor_dialogs import ChoiceDialog, pattern_text_question
from koonj.tui.screens.unwritten_editor import UnwrittenEditor, UnwrittenFile
from koonj.tui.state.file_place import FilePlace
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.widgets.pattern_form import PatternForm
from koonj.tui.workers.check_findings import merged, unwritten_findings

if TYPE_CHECKING:
    from koonj.sql.problem import Problem
    from koonj.tui.state.snapshot import Snapshot

Places = Mapping[str, tuple[FilePlace, ...]]
"""What is wrong with the edited files, by their names."""


class UnwrittenFiles:
    """The files of a form before they are written: edit them, check them, take the pattern's text again."""

    def __init__(
        self,
        screen: Screen[Any],
        form: PatternForm,
        snapshot: Callable[[], Snapshot],
        say: Callable[[str], None],
        checked: Callable[[Places], None],
    ) -> None:
        """`screen` has the form. `checked` is told what is wrong with the files that were edited."""
        self._screen = screen
        self._form = form
        self._snapshot = snapshot
        self._say = say
        self._checked = checked
        self.listing = DraftListing.of((), ())
        """The files as the form makes them now."""
        self._left: dict[str, tuple[Mapping[str, str], DraftEdits]] = {}
        """Values and edits of the patterns that the user has left after edits by hand, by their keys."""

    def take(self, listing: DraftListing) -> None:
        """Take the files that the form makes now, and check those that were edited."""
        self.listing = listing
        if any(file.draft.is_edited for file in listing.files):
            start_task(self._screen, partial(self._check, listing), "checks", exclusive=True)
        else:
            self._screen.workers.cancel_group(self._screen, "checks")
            self._checked({})

    async def change_pattern(self, source: DraftSource, values: Mapping[str, str]) -> None:
        """Show the form of a pattern, filled with `values`.

        What was edited by hand is there again when the user comes back to the pattern, with its values.
        """
        form = self._form
        if form.edits.texts:
            self._left[form.source.key] = (form.typed, form.edits)
        before, edits = self._left.pop(source.key, (values, DraftEdits()))
        await form.open(source, before, edits)

    def edited_names(self) -> list[str]:
        """Return what to call the files that were edited by hand, also those of patterns that were left."""
        here = [self._form.edits, *(edits for _, edits in self._left.values())]
        shown = {file.draft.part: file.name for file in self.listing.files}
        names = [shown.get(part, one.slug) for part, one in here[0].texts.items()]
        return [*names, *(one.slug for edits in here[1:] for one in edits.texts.values())]

    async def _check(self, listing: DraftListing) -> None:
        found = {}
        for place, file in enumerate(listing.files):
            if file.draft.is_edited:
                migration = self._migration(file)
                text = await analyze_for_editor(migration)
                rules = await self._find(place, listing, migration)
                found[file.name] = problem_places(file.name, merged(text.problems, rules))
        if listing is self.listing:
            self._checked(found)

    async def _find(self, place: int, listing: DraftListing, present: Migration) -> tuple[Problem, ...]:
        files = [self._migration(file) for file in listing.files]
        files[place] = present
        return await unwritten_findings(place, files, self._snapshot())

    def _migration(self, file: ListedFile) -> Migration:
        snapshot = self._snapshot()
        folder, raw = snapshot.settings.migrations, file.draft.file_text(file.name).encode()
        shown = (snapshot.folder.shown_path if snapshot.folder else "") or str(folder)
        return Migration(number_of(file.name), file.name, str(folder), shown, raw, file_hash(raw))

    # The editor

    def edit(self, index: int) -> None:
        """Open the editor over the file to which a line of the listing belongs."""
        file = self.listing.file_at(index)
        if file is not None:
            self._open(self.listing.files.index(file))

    def _open(self, place: int) -> None:
        listing = self.listing
        file = listing.files[place]
        opened = UnwrittenFile(
            partial(self._keep, file), partial(self._find, place, listing), len(listing.files) > 1
        )
        try:
            editor = UnwrittenEditor(self._migration(file), opened, self._snapshot)
        except NotEditable as error:
            self._say(f"koonj cannot edit {file.name}: {error}")
            return

        def closed(_: object) -> None:
            if editor.step:
                self._open((place + editor.step) % len(self.listing.files))

        self._screen.app.push_screen(editor, closed)

    def _keep(self, file: ListedFile, text: str) -> None:
        self._form.keep_edited(file.draft.part, file.name, text)

    # The pattern's text

    def take_pattern_text(self) -> None:
        """Ask which edited files get the text of the pattern again."""
        edited = [file for file in self.listing.files if file.draft.is_edited]
        if not edited:
            self._say("No file was edited by hand.")
            return

        def answered(answer: str | None) -> None:
            if answer is not None:
                chosen = edited if answer == "a" else edited[int(answer) - 1 : int(answer)]
                self._form.take_pattern_text(file.draft.part for file in chosen)

        names = [file.name for file in edited]
        self._screen.app.push_screen(ChoiceDialog(*pattern_text_question(names)), answered)
