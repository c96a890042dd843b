"""Opens the pattern palette over a screen, and says what was written."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from koonj.tui.commands.command import Situation
from koonj.tui.state.messages import MigrationsWritten, StatusMessage
from koonj.tui.state.offered_pattern import OfferedPattern
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.runs import RunControl
from koonj.tui.workers.watcher import Watcher

if TYPE_CHECKING:
    from koonj.tui.screens.pattern_palette import PatternPalette


class NewMigrations:
    """Creates migrations from patterns, also from the pattern that a finding offers."""

    def __init__(
        self,
        screen: Screen[None],
        backend: Backend,
        control: RunControl,
        watcher: Watcher,
        situation: Callable[[], Situation],
        edit_new: Callable[[Path], None],
        show_help: Callable[[], None],
    ) -> None:
        """`screen` is the main screen; `edit_new` opens the editor on a file that was just written.

        `show_help`: opens the help of the palette.
        """
        self._screen = screen
        self._backend = backend
        self._control = control
        self._watcher = watcher
        self._situation = situation
        self._edit_new = edit_new
        self._show_help = show_help

    def open(self) -> None:
        """Open the pattern palette."""
        self._push(self._palette(None), self._written)

    def open_offered(self, offered: OfferedPattern, tell: Callable[[str], None] | None = None) -> None:
        """Open the form of the pattern that a finding offers, filled in.

        `tell`: shows what the user still has to do, over an editor with the finding's file.
        """
        if self._situation().snapshot.folder is None:
            return
        written = partial(self._answered, offered=offered, tell=tell)
        self._push(self._palette(offered), written)

    def _palette(self, offered: OfferedPattern | None) -> PatternPalette:
        from koonj.tui.screens.pattern_palette import PatternPalette  # noqa: PLC0415 - as in the navigator
        from koonj.tui.workers.catalog_names import FormNames, read_names  # noqa: PLC0415 - as above

        snapshot = self._situation().snapshot
        assert snapshot.folder is not None
        target = snapshot.target
        files = snapshot.folder.migrations
        pending = [row.migration for row in snapshot.rows if row.is_pending and row.migration is not None]
        names = FormNames(target.name, len(pending), len(files))
        reading = partial(read_names, self._backend, target, files, pending)
        may_read = self._backend.settings.trust.given
        return PatternPalette(
            lambda: self._situation().snapshot,
            names,
            reading if may_read else None,
            self._show_help,
            offered,
        )

    def _push(
        self, palette: PatternPalette, written: Callable[[PatternPalette, tuple[Path, ...]], None]
    ) -> None:
        def closed(paths: tuple[Path, ...] | None) -> None:
            if paths:
                written(palette, paths)
                self._watcher.read_folder()

        self._screen.app.push_screen(palette, closed)

    def _written(self, palette: PatternPalette, paths: tuple[Path, ...]) -> None:
        """Select the new files; open the editor on a blank one, because it has no statements yet."""
        edit, external = map(self._situation().keymap.current_key, ("i", "e"))
        self._screen.post_message(MigrationsWritten(tuple(path.name for path in paths)))
        self._say(_created(palette, paths, f"Press {edit} or {external} to edit."))
        if palette.is_blank and not palette.form.edits.texts and not self._control.running:
            self._edit_new(paths[0])

    def _answered(
        self,
        palette: PatternPalette,
        paths: tuple[Path, ...],
        *,
        offered: OfferedPattern,
        tell: Callable[[str], None] | None,
    ) -> None:
        """Say what is still to do in the finding's file, which stays selected for it."""
        edit = self._situation().keymap.current_key("i")
        task = offered.task("this file" if tell else f"{offered.name}: press {edit}")
        (tell or self._say)(_created(palette, paths, task if palette.answers_finding else ""))
        if not task and tell is None:
            self._screen.post_message(MigrationsWritten(tuple(path.name for path in paths)))

    def _say(self, text: str) -> None:
        self._screen.post_message(StatusMessage(text))


def _created(palette: PatternPalette, paths: tuple[Path, ...], then: str) -> str:
    later = f"Later: {palette.written_later}." if palette.written_later else ""
    created = f"Created {', '.join(path.name for path in paths)}."
    return " ".join(filter(None, (created, then, later)))
