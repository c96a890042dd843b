"""Rehearse in the background, or one migration that the user asks for."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing, suppress
from functools import partial
from time import monotonic
from typing import cast

from textual.dom import DOMNode

from koonj.migrations.folder import Folder
from koonj.runner.rehearse.events import MigrationRehearsalFinished
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
"""Seconds without a change of the folder and without a key before a rehearsal starts by itself."""
MAX_NAMES = 500
"""Number of migrations that one process rehearses: their names are its arguments, which are limited."""
ALL = "all migrations"
"""What the user asked for, if it is not one migration."""
_GROUP = "rehearsal"


class RehearsalWorker:
    """Control of one rehearsal at a time, in a process of its own.

    Posts its events as messages.
    """

    def __init__(
        self,
        node: DOMNode,
        backend: Backend,
        snapshot: Callable[[], Snapshot],
        is_running: Callable[[], bool],
        update: Callable[[Rehearsals], None],
    ) -> None:
        """Take the parts of the screen that it works for.

        `node` receives the messages; when it is removed, all work ends. `update` is called with every change
        of the rehearsals.
        """
        self._node = node
        self._backend = backend
        self._snapshot = snapshot
        self._is_running = is_running
        self._update = update
        self._checked_rows: tuple[Row, ...] = ()
        """Rows of the last look for missing verdicts."""
        self._tried: frozenset[str] = frozenset()
        """Names that were rehearsed since the folder changed. Those without a verdict are not tried again."""
        self._majors: dict[str, int | None] = {}
        """Major version of PostgreSQL that each migration was last rehearsed for: that of its target."""
        self._looked_up: frozenset[tuple[str, int | None]] = frozenset()
        """Names and major versions whose stored verdict was read since the folder changed."""
        self._has_looked = False
        """Whether stored verdicts were read since the screen was opened."""
        self._current: object = None
        """Identity of the current rehearsal; None if there is none."""
        self._last_place: Place = (0, "")
        """Place of the last migration in the current rehearsal."""
        self.requested: str | None = None
        """Name of the migration that the user asked for, or `ALL`, while it is rehearsed."""
        self._next: tuple[Row, ...] = ()
        """Rows of `ALL` for which the current process has no room."""

    @property
    def _rehearsals(self) -> Rehearsals:
        return self._snapshot().rehearsals

    @property
    def start_themselves(self) -> bool:
        """Whether rehearsals start without being asked for."""
        return self._backend.rehearses and self._backend.settings.trust.given

    def start_if_needed(self) -> None:
        """Start a rehearsal if a verdict is missing and no work is in progress.

        Returns quickly if the rows did not change.
        """
        rows = self._snapshot().rows
        if not self.start_themselves:
            return
        if self._current is not None or self._is_running():
            return
        if rows is not self._checked_rows:
            self._checked_rows = rows
            missing, stored = self._missing(rows), self._not_looked_up(rows)
            if not self._has_looked and any(row.state not in REHEARSED_STATES for row in stored):
                # What was rehearsed before is there at once, and does not wait for the new rehearsals.
                self._has_looked = True
                stored = [*missing, *(row for row in stored if row not in missing)]
                self._begin(stored[:MAX_NAMES], by_itself=True, cached_only=True)
            elif missing:
                self._begin(missing[:MAX_NAMES], by_itself=True, later=len(missing[MAX_NAMES:]))
            elif stored:
                self._begin(stored[:MAX_NAMES], by_itself=True, cached_only=True)

    def _missing(self, rows: tuple[Row, ...]) -> list[Row]:
        return [
            row
            for row in rows
            if row.state in REHEARSED_STATES and row.migration and self._is_missing(row.name)
        ]

    def _not_looked_up(self, rows: tuple[Row, ...]) -> list[Row]:
        """Return the other rows: their verdict is shown if an earlier rehearsal stored it."""
        return [
            row
            for row in rows
            if row.state is not None
            and row.migration is not None
            and (row.name, self._major) not in self._looked_up
            and self._is_missing(row.name)
        ]

    def _is_missing(self, name: str) -> bool:
        """Return whether a verdict is missing, or is for another major version."""
        if name in self._rehearsals.results:
            return self._majors.get(name, self._major) != self._major
        return name not in self._tried

    @property
    def _major(self) -> int | None:
        """Major version of the chosen target's server; None if it has not answered."""
        status = self._snapshot().check.status
        return status.server.major if status and status.server else None

    def is_current(self, source: object) -> bool:
        """Return whether `source` is the current rehearsal."""
        return source is self._current

    def folder_changed(self, old: Folder | None, new: Folder) -> None:
        """Stop a rehearsal whose files have changed; start a requested one again."""
        changed = first_change(old, new)
        if changed is None:
            return
        self._forget_tries()
        if self._current is not None and changed <= self._last_place:
            name = self.requested
            self.stop()
            if name == ALL:
                self._node.call_later(self.rehearse_all)
            elif name is not None:
                self._node.call_later(self.rehearse, name)

    def _forget_tries(self) -> None:
        self._tried = frozenset()
        self._looked_up = frozenset()

    def retry(self) -> None:
        """Allow migrations without a verdict to be rehearsed again."""
        self._forget_tries()
        self._start_later()

    def rehearse(self, name: str) -> None:
        """Rehearse one migration now, even if its verdict is known."""
        row = self._snapshot().row(name)
        if row is not None and row.migration is not None:
            self._tried = frozenset()
            self._begin([row], by_itself=False)
            self.requested = name

    def rehearse_all(self) -> None:
        """Rehearse all migrations now, even those whose verdict is known."""
        rows = [row for row in self._snapshot().rows if row.migration is not None]
        if rows:
            self._tried = frozenset()
            self._begin_next(rows)
            self.requested = ALL

    def _begin_next(self, rows: Sequence[Row]) -> None:
        self._next = tuple(rows[MAX_NAMES:])
        self._begin(list(rows[:MAX_NAMES]), by_itself=False)

    def cancel(self) -> None:
        """Cancel the rehearsal that the user asked for."""
        name = self.requested
        assert name is not None
        self.stop()
        all_names = frozenset(row.name for row in self._snapshot().rows)
        self._tried = all_names if name == ALL else frozenset({name})
        self._node.post_message(StatusMessage(f"The rehearsal of {name} was cancelled.", is_problem=True))
        self._start_later()

    def stop(self) -> None:
        """Stop the current rehearsal."""
        self._node.workers.cancel_group(self._node, _GROUP)
        self._current = self.requested = None
        self._next = ()
        self._update(self._rehearsals.without_waiting())

    def _start_later(self) -> None:
        self._checked_rows = ()
        self._node.call_later(self.start_if_needed)

    def _begin(self, rows: list[Row], *, by_itself: bool, cached_only: bool = False, later: int = 0) -> None:
        folder = self._snapshot().folder
        assert folder is not None
        self._current = source = object()
        self._last_place = max((row.number, row.name) for row in rows)
        names = tuple(row.name for row in rows)
        rehearse = partial(self._rehearse, by_itself=by_itself, later=later)
        work = partial(self._look_up if cached_only else rehearse, source, folder, names)
        start_task(self._node, work, _GROUP, exclusive=True)

    async def _rehearse(
        self, source: object, folder: Folder, names: tuple[str, ...], *, by_itself: bool, later: int
    ) -> None:
        if by_itself:
            await self._wait_until_idle()
        major = self._major
        self._tried |= frozenset(names)
        self._majors.update(dict.fromkeys(names, major))
        self._update(self._rehearsals.with_waiting(names, later))
        batcher = EventBatcher(self._node, lambda events: RehearsalReported(events, folder, source))
        check, failure = self._snapshot().check, ""
        rehearsal_events = self._backend.rehearse(check.target, names, again=not by_itself, major=major)
        try:
            async with aclosing(rehearsal_events) as events:
                async for event in events:
                    if batcher.add(event):
                        await asyncio.sleep(0)
        except (OSError, SubprocessError) as error:
            failure = str(error)
        except Exception as error:  # a defect must be visible, and must not end the screen
            failure = f"koonj failed: {type(error).__name__}: {error}"
        batcher.flush()
        self._node.post_message(RehearsalEnded(source, failure))

    async def _look_up(self, source: object, folder: Folder, names: tuple[str, ...]) -> None:
        """Read the stored verdicts of these files; rehearse nothing.

        Without a verdict, for whatever reason, the screen says nothing about them.
        """
        await self._wait_until_idle()
        major = self._major
        self._looked_up |= frozenset((name, major) for name in names)
        batcher = EventBatcher(self._node, lambda events: RehearsalReported(events, folder, source))
        target = self._snapshot().check.target
        with suppress(OSError, SubprocessError):
            async with aclosing(
                self._backend.rehearse(target, names, cached_only=True, major=major)
            ) as events:
                async for event in events:
                    if isinstance(event, MigrationRehearsalFinished):
                        self._majors[event.rehearsal.name] = major
                        if batcher.add(event):
                            await asyncio.sleep(0)
        batcher.flush()
        self._node.post_message(RehearsalEnded(source, ""))

    async def _wait_until_idle(self) -> None:
        """Wait until the folder and the keys are quiet for a moment, and no run is left."""
        pause = PAUSE
        while pause > 0:
            await asyncio.sleep(pause)
            idle = cast("KeyedApp", self._node.app).key_presses.idle_seconds(monotonic())
            pause = PAUSE if self._is_running() else PAUSE - idle

    def finish(self, error: str) -> None:
        """Record the end of the current rehearsal; `error` if it has no result."""
        self._current = None
        if error:
            self._update(self._rehearsals.with_error(error))
        elif self._rehearsals.waiting:
            self._update(self._rehearsals.without_waiting())
        if self._next and not error:
            self._begin_next(self._next)
            return
        name, self.requested = self.requested, None
        if name is not None:
            self._node.post_message(self._result_message(name))
        self._start_later()

    def _result_message(self, name: str) -> StatusMessage:
        """Return the status message for the result of a requested rehearsal."""
        if name == ALL:
            return self._message_about_all()
        rehearsal = self._rehearsals.results.get(name)
        if rehearsal is None:
            return StatusMessage(f"{name} could not be rehearsed: {self._rehearsals.error}", is_problem=True)
        text = f"{name}: {rehearsal.verdict.value}. {rehearsal.message}"
        return StatusMessage(text, is_problem=not rehearsal.is_verified)

    def _message_about_all(self) -> StatusMessage:
        """Return how many migrations have which verdict."""
        names = [row.name for row in self._snapshot().rows if row.migration is not None]
        found = [self._rehearsals.results[name] for name in names if name in self._rehearsals.results]
        counts = Counter(rehearsal.verdict.value for rehearsal in found)
        parts = [f"{number} {word}" for word, number in counts.most_common()]
        if len(found) < len(names):
            parts.append(f"{len(names) - len(found)} not rehearsed")
        is_problem = len(found) < len(names) or not all(rehearsal.is_verified for rehearsal in found)
        return StatusMessage(f"Rehearsed: {', '.join(parts)}.", is_problem=is_problem)
