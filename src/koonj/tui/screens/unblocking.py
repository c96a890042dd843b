"""Opens the dialogs about the sessions that are in the way of a run, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from textual.screen import Screen

from koonj.config import Target
from koonj.runner.run.lock_wait_wording import awaited_words
from koonj.tui.commands.command import Situation
from koonj.tui.state.messages import StatusMessage
from koonj.tui.state.run import RunView
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.runs import RunControl

if TYPE_CHECKING:
    from koonj.tui.render.unblock_lines import Choice


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the dialogs are about."""

    target: Target
    name: str
    """File name of the migration that waits; empty if none is running."""
    read: float
    """When the sessions were read, on the clock of `monotonic`."""


class UnblockDialogs:
    """Reads who is in the way of the run, lets the user choose, and asks the run to do it."""

    def __init__(
        self,
        screen: Screen[None],
        backend: Backend,
        control: RunControl,
        situation: Callable[[], Situation],
    ) -> None:
        """`screen` is the main screen."""
        self._screen = screen
        self._backend = backend
        self._control = control
        self._situation = situation

    def open(self) -> None:
        """Read what the sessions in the way do now, and show them."""
        view = self._situation().run
        assert view is not None
        start_task(self._screen, partial(self._open, view), "unblock", exclusive=True)

    async def _open(self, view: RunView) -> None:
        from koonj.tui.screens.unblock_dialog import UnblockDialog  # noqa: PLC0415 - seldom needed

        targets = [check.target for check in self._situation().snapshot.checks]
        target = next((one for one in targets if one.name == view.target), None)
        if target is None:  # the run was started with another target of the command line
            self._say(f"{view.target} is not a target of this screen. Open koonj in its project.")
            return
        try:
            read = monotonic()
            sessions = await self._backend.read_blocking_sessions(target, view.in_the_way)
        except Exception as error:  # An error of a lost target must not end the screen.
            self._say(f"koonj could not read who is in the way on {target.name}: {error}")
            return
        if not self._screen.is_active or not self._control.running:
            return
        shown = _Shown(target, "" if view.blocked is None else view.blocked.name, read)
        dialog = UnblockDialog(target, _awaited(view), sessions)
        self._screen.app.push_screen(dialog, partial(self._chosen, shown))

    def _say(self, text: str) -> None:
        self._screen.post_message(StatusMessage(text, is_problem=True))

    def _chosen(self, shown: _Shown, choice: Choice | None) -> None:
        from koonj.tui.screens.unblock_confirmation import UnblockReasonDialog  # noqa: PLC0415 - seldom needed

        def given(reason: str | None) -> None:
            if reason is not None and choice is not None:
                self._confirm(shown, choice, reason)

        if choice is not None:
            self._screen.app.push_screen(UnblockReasonDialog(choice), given)

    def _confirm(self, shown: _Shown, choice: Choice, reason: str) -> None:
        from koonj.runner.process.control_fifo import caller  # noqa: PLC0415 - seldom needed
        from koonj.runner.run.unblock_request import request_for  # noqa: PLC0415 - as above
        from koonj.tui.screens.unblock_confirmation import UnblockConfirmation  # noqa: PLC0415 - as above

        def answered(answer: str | None) -> None:
            if answer is not None:
                passed = monotonic() - shown.read
                request = request_for(choice.session, choice.how, reason, caller(), shown.name, passed)
                self._control.unblock(request)

        self._screen.app.push_screen(UnblockConfirmation(shown.target, choice, reason), answered)


def _awaited(view: RunView) -> str:
    """Return what the run waits for."""
    return "the koonj lock" if view.blocked is None else awaited_words(view.blocked.lock)
