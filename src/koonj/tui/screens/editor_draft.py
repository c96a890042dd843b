"""Keeps the unsaved text of the editor in the background, and says so if that is not possible."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from textual.screen import Screen
from textual.timer import Timer

from koonj.migrations.unsaved_text import DraftKeeper, UnsavedText, discard
from koonj.tui.toolkit.tasks import start_task
from koonj.user_folders import UserFolderError

WAIT = 0.3
"""Seconds after a change in which further changes are awaited. This much can be lost."""


class EditorDraft:
    """The draft of an open editor."""

    def __init__(
        self,
        screen: Screen[Any],
        file: Path,
        texts: Callable[[], tuple[bytes, bytes] | None],
        say: Callable[[str], None],
        earlier: UnsavedText | None = None,
    ) -> None:
        """Create the draft of `file`, which is empty.

        `texts` returns the bytes that were read and those that would be saved; None if nothing is unsaved.
        `earlier`: the draft that the editor goes on with; it stays until its text is kept again.
        """
        self._screen = screen
        self._file = file
        self._keeper = DraftKeeper(file.parent, file.name)
        self._texts = texts
        self._say = say
        self._earlier = earlier
        self._timer: Timer | None = None
        self._said = ""
        self._turn = asyncio.Lock()

    def changed(self) -> None:
        """Keep the text soon."""
        if self._timer is None:
            self._timer = self._screen.set_timer(WAIT, self._start)

    def _start(self) -> None:
        self._timer = None
        start_task(self._screen, self._keep, "draft")

    async def _keep(self) -> None:
        async with self._turn:
            texts = self._texts()
            try:
                if texts is None:
                    await asyncio.to_thread(self._keeper.drop)
                else:
                    await asyncio.to_thread(self._keeper.keep, *texts)
                self._forget_earlier()
            except (OSError, UserFolderError) as error:
                self._complain(error)
            else:
                self._said = ""

    def _complain(self, error: OSError | UserFolderError) -> None:
        """Say once why the text is not kept."""
        reason = (error.strerror or str(error)) if isinstance(error, OSError) else error.message
        if reason != self._said:
            self._said = reason
            why = reason.rstrip(".")
            self._say(f"If koonj ends, your unsaved text is lost: koonj cannot keep it. {why}.")

    def close(self) -> None:
        """Delete the draft: the user has saved or discarded the text."""
        self._stop()
        self._keeper.close()
        self._forget_earlier()

    def leave(self) -> None:
        """Keep the last text: koonj ends, and the user has not decided about it."""
        self._stop()
        texts = self._texts()
        try:
            if texts is not None:
                self._keeper.keep(*texts)
        except (OSError, UserFolderError) as error:
            self._complain(error)
        self._keeper.leave()

    def _forget_earlier(self) -> None:
        if self._earlier is not None:
            with suppress(OSError):  # it is offered once more
                discard(self._earlier)
            self._earlier = None

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
