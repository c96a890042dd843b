"""Opens the dialogs about an interrupted migration, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual.screen import Screen

from koonj.config import Target
from koonj.runner.run.direction import Direction
from koonj.runner.run.request import Extent, Request
from koonj.tui.commands.command import Situation
from koonj.tui.state.messages import StatusMessage
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.runs import RunControl
from koonj.tui.workers.watcher import Watcher

if TYPE_CHECKING:
    from koonj.runner.evidence.interruption import Interruption
    from koonj.runner.evidence.offer import Offer
    from koonj.runner.settle import InterruptedMigration, Settlement
    from koonj.tui.documents.sent_statement import SentStatement


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the dialogs are about."""

    target: Target
    found: InterruptedMigration
    interruption: Interruption
    sent: SentStatement | None


class SettlementDialogs:
    """Reads what is known of an interrupted migration, lets the user decide, and starts what was decided."""

    def __init__(
        self,
        screen: Screen[None],
        backend: Backend,
        control: RunControl,
        watcher: Watcher,
        situation: Callable[[], Situation],
    ) -> None:
        """`screen` is the main screen."""
        self._screen = screen
        self._backend = backend
        self._control = control
        self._watcher = watcher
        self._situation = situation

    def open(self, name: str) -> None:
        """Read what is known of the migration `name`, and show it."""
        start_task(self._screen, partial(self._open, name), "settle", exclusive=True)

    async def _open(self, name: str) -> None:
        snapshot = self._situation().snapshot
        target, folder = snapshot.target, snapshot.folder
        assert folder is not None
        try:
            found = await self._backend.read_interruption(target, folder, name)
            sent = await self._sent(target, found)
        except Exception as error:  # An error of a lost target must not end the screen.
            self._say(f"koonj could not read {name} on {target.name}: {error}")
            return
        if not self._screen.is_active or self._situation().snapshot.chosen != snapshot.chosen:
            return
        if found.interruption is None:
            self._say(f"{name} is {found.status.state} on {target.name}: there is nothing to settle.")
            self._watcher.ask(target)
            return
        self._show(_Shown(target, found, found.interruption, sent))

    def _say(self, text: str) -> None:
        self._screen.post_message(StatusMessage(text, is_problem=True))

    async def _sent(self, target: Target, found: InterruptedMigration) -> SentStatement | None:
        from koonj.migrations.migration import Migration  # noqa: PLC0415 - the first paint does not wait for it
        from koonj.tui.documents.highlighting import load_lexers  # noqa: PLC0415 - as above
        from koonj.tui.documents.sent_statement import sent_statement  # noqa: PLC0415 - as above

        interruption, migration = found.interruption, found.status.migration
        if interruption is None or not interruption.statement:
            return None
        entry = interruption.entry
        if migration is None or migration.file_hash != entry.file_hash:
            text = await self._backend.recorded_text(target, entry.id)
            if text is None:
                return None
            migration = Migration.from_recorded(entry.name, text)
        await asyncio.to_thread(load_lexers)
        return await asyncio.to_thread(sent_statement, migration, entry.action, interruption.statement)

    def _show(self, shown: _Shown) -> None:
        from koonj.tui.screens.settle_dialog import SettleDialog  # noqa: PLC0415 - seldom needed

        now = self._situation()
        status = now.snapshot.check.status
        dialog = SettleDialog(
            shown.target,
            shown.found,
            shown.interruption,
            shown.sent,
            () if status is None else status.leftovers,
            now.keymap.current_key("R"),
        )
        self._screen.app.push_screen(dialog, partial(self._chosen, shown))

    def _chosen(self, shown: _Shown, offer: Offer | None) -> None:
        from koonj.runner.evidence.offer import Offer  # noqa: PLC0415 - seldom needed
        from koonj.runner.settle import Settlement  # noqa: PLC0415 - brings psycopg

        number = shown.interruption.statement
        match offer:
            case Offer.CONTINUE:
                self._control.start(_continuing(shown))
            case Offer.ROLL_BACK:
                self._control.start(Request(Direction.ROLLBACK))
            case Offer.REPAIR:
                self._confirm(shown, offer, Settlement(repair=True))
            case Offer.AGAIN:
                self._confirm(shown, offer, Settlement(again=number))
            case Offer.DONE:
                self._ask_reason(shown)

    def _ask_reason(self, shown: _Shown) -> None:
        from koonj.runner.evidence.offer import Offer  # noqa: PLC0415 - seldom needed
        from koonj.runner.settle import Settlement  # noqa: PLC0415 - brings psycopg
        from koonj.tui.screens.settle_confirmation import DoneReasonDialog  # noqa: PLC0415 - as above

        def given(reason: str | None) -> None:
            if reason is not None:
                settlement = Settlement(done=shown.interruption.statement, reason=reason)
                self._confirm(shown, Offer.DONE, settlement)

        self._screen.app.push_screen(DoneReasonDialog(shown.interruption, shown.sent), given)

    def _confirm(self, shown: _Shown, offer: Offer, settlement: Settlement) -> None:
        from koonj.tui.screens.settle_confirmation import SettleConfirmation  # noqa: PLC0415 - seldom needed

        def answered(answer: str | None) -> None:
            if answer is not None:
                self._control.settle(shown.target, shown.found, settlement)

        status = self._situation().snapshot.check.status
        server = str(status.server) if status is not None and status.server is not None else ""
        dialog = SettleConfirmation(shown.target, server, shown.interruption, shown.sent, offer, settlement)
        self._screen.app.push_screen(dialog, answered)


def _continuing(shown: _Shown) -> Request:
    """Return the request that continues the interrupted run; an apply never ends before this migration."""
    direction = Direction(shown.interruption.entry.action)
    if direction is Direction.ROLLBACK:
        return Request(direction)
    return Request(direction, Extent.UP_TO, shown.found.status.number)
