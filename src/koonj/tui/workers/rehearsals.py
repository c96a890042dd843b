"""Rehearsals beside the screen: of what is pending or edited, by itself; and of one that a person chose."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from time import monotonic
from typing import cast

from textual.dom import DOMNode

from koonj.migrations.folder import Folder
from koonj.runner.rehearse.request import REHEARSED_STATES
from koonj.tui.state.messages import RehearsalEnded, RehearsalReported, StatusMessage
from koonj.tui.state.rehearsals import Place, Rehearsals, first_change
from koonj.tui.state.snapshot import Row, Snapshot
from koonj.tui.toolkit.keyed_app import KeyedApp
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.child_events import SubprocessError
from koonj.tui.workers.event_batcher import EventBatcher

PAUSE = 0.3
"""Seconds after the last change of the folder, and after the last key, before one begins by itself."""
AT_ONCE = 500
"""Migrations that one process is asked for: their names stand in its arguments, which have an end."""
_GROUP = "rehearsal"


class RehearsalWorker:
    """One rehearsal at a time, in a process of its own. What it says goes to the screen as messages."""

    def __init__(
        self,
        node: DOMNode,
        engine: Backend,
        snapshot: Callable[[], Snapshot],
        is_running: Callable[[], bool],
        know: Callable[[Rehearsals], None],
    ) -> None:
        """`node` gets the messages, and ends all work with itself; `know` takes what is known from now on."""
        self._node = node
        self._engine = engine
        self._snapshot = snapshot
        self._is_running = is_running
        self._know = know
        self._rows: tuple[Row, ...] = ()
        """For which it was last looked what is to be done."""
        self._tried: frozenset[str] = frozenset()
        """Those asked for since the folder changed: what brought no verdict is not asked for again."""
        self._majors: dict[str, int | None] = {}
        """For which major version each was last asked for: that of the target of then."""
        self._source: object = None
        """The rehearsal that goes on; None: none does."""
        self._last: Place = (0, "")
        """The last migration that it is about."""
        self.chosen: str | None = None
        """The one that a person asked for, while it goes on."""

    @property
    def _rehearsals(self) -> Rehearsals:
        return self._snapshot().rehearsals

    def consider(self) -> None:
        """Begin where something is to be rehearsed and nothing else goes on. Cheap where nothing changed."""
        rows = self._snapshot().rows
        if not self._engine.rehearses or self._source is not None or self._is_running():
            return
        if rows is not self._rows:
            self._rows = rows
            missing = self._missing(rows)
            if missing:
                self._begin(missing[:AT_ONCE], by_itself=True)

    def _missing(self, rows: tuple[Row, ...]) -> list[Row]:
        return [
            row
            for row in rows
            if row.state in REHEARSED_STATES and row.migration and self._is_missing(row.name)
        ]

    def _is_missing(self, name: str) -> bool:
        """Is there no verdict, or was it asked for a target of another major version?"""
        if name in self._rehearsals.known:
            return self._majors.get(name, self._major) != self._major
        return name not in self._tried

    @property
    def _major(self) -> int | None:
        """Of the chosen target's server; None where that has not answered."""
        status = self._snapshot().check.status
        return status.server.major if status and status.server else None

    def is_from(self, source: object) -> bool:
        """Is that what the rehearsal says that goes on?"""
        return source is self._source

    def folder_changed(self, old: Folder | None, new: Folder) -> None:
        """A rehearsal of files that are others now is not waited for."""
        changed = first_change(old, new)
        if changed is None:
            return
        self._tried = frozenset()
        if self._source is not None and changed <= self._last:
            name = self.chosen
            self.stop()
            if name is not None:
                self._node.call_later(self.choose, name)

    def again(self) -> None:
        """What could not be rehearsed may be tried once more."""
        self._tried = frozenset()
        self._look_again()

    def choose(self, name: str) -> None:
        """Rehearse one now, also where its verdict is known."""
        row = self._snapshot().row(name)
        if row is not None and row.migration is not None:
            self._tried = frozenset()
            self._begin([row], by_itself=False)
            self.chosen = name

    def cancel(self) -> None:
        """End the one that a person asked for."""
        name = self.chosen
        assert name is not None
        self.stop()
        self._tried = frozenset({name})
        self._node.post_message(StatusMessage(f"The rehearsal of {name} was cancelled.", is_problem=True))
        self._look_again()

    def stop(self) -> None:
        """End whatever goes on."""
        self._node.workers.cancel_group(self._node, _GROUP)
        self._source = self.chosen = None
        self._know(self._rehearsals.stopped())

    def _look_again(self) -> None:
        self._rows = ()
        self._node.call_later(self.consider)

    def _begin(self, rows: list[Row], *, by_itself: bool) -> None:
        folder = self._snapshot().folder
        assert folder is not None
        self._source = source = object()
        self._last = max((row.number, row.name) for row in rows)
        names = tuple(row.name for row in rows)
        work = partial(self._rehearse, source, folder, names, by_itself=by_itself)
        start_task(self._node, work, _GROUP, exclusive=True)

    async def _rehearse(
        self, source: object, folder: Folder, names: tuple[str, ...], *, by_itself: bool
    ) -> None:
        if by_itself:
            await self._quiet()
        major = self._major
        self._tried |= frozenset(names)
        self._majors.update(dict.fromkeys(names, major))
        self._know(self._rehearsals.asked(names))
        heard = EventBatcher(self._node, lambda events: RehearsalReported(events, folder, source))
        check, trouble = self._snapshot().check, ""
        said = self._engine.rehearse(check.target, names, again=not by_itself, major=major)
        try:
            async with aclosing(said) as events:
                async for event in events:
                    if heard.take(event):
                        await asyncio.sleep(0)
        except (OSError, SubprocessError) as error:
            trouble = str(error)
        except Exception as error:  # a defect must be seen, and must not take the screen along
            trouble = f"koonj failed: {type(error).__name__}: {error}"
        heard.tell()
        self._node.post_message(RehearsalEnded(source, trouble))

    async def _quiet(self) -> None:
        """Until neither folder nor keys have changed anything for a moment, and no run goes on."""
        pause = PAUSE
        while pause > 0:
            await asyncio.sleep(pause)
            rest = cast("KeyedApp", self._node.app).key_presses.rest(monotonic())
            pause = PAUSE if self._is_running() else PAUSE - rest

    def ended(self, trouble: str) -> None:
        """The one that went on has ended; `trouble` where it broke off."""
        self._source = None
        if trouble:
            self._know(self._rehearsals.failed(trouble))
        elif self._rehearsals.waiting:
            self._know(self._rehearsals.stopped())
        name, self.chosen = self.chosen, None
        if name is not None:
            self._node.post_message(self._said(name))
        self._look_again()

    def _said(self, name: str) -> StatusMessage:
        """How the one that a person asked for went."""
        rehearsal = self._rehearsals.known.get(name)
        if rehearsal is None:
            return StatusMessage(
                f"{name} could not be rehearsed: {self._rehearsals.trouble}", is_problem=True
            )
        text = f"{name}: {rehearsal.verdict.value}. {rehearsal.message}"
        return StatusMessage(text, is_problem=not rehearsal.is_verified)
