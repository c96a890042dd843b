"""One run at a time: its events go to the screen, its questions to the person, and back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from koonj.config import Target
from koonj.runner.events import Conflict, Plan, PlanMade, Question, RunFinished, RunResult
from koonj.runner.request import Request
from koonj.tui.beside import start_task
from koonj.tui.engine import Backend
from koonj.tui.heard import EventBatcher
from koonj.tui.messages import RunEnded, RunOpened
from koonj.tui.screens.allow import Allow
from koonj.tui.screens.confirm import Confirm

if TYPE_CHECKING:
    from koonj.runner.run import Run
    from koonj.tui.screens.main import Main

NO = "no"
"""An answer that no question takes for a yes."""


class RunControl:
    """Knows a run by its event stream and its two verbs, and nothing else of it."""

    def __init__(self, screen: Main, engine: Backend) -> None:
        self._screen = screen
        self._engine = engine
        self._run: Run | None = None
        self._plan: Plan | None = None
        self._dialog: Confirm | None = None
        self._leaving = False
        self._heard = EventBatcher(screen)
        self.running = False

    def start(self, request: Request) -> None:
        """Begin a run on the chosen target."""
        self.running = True
        self._screen.post_message(RunOpened(self._screen.snapshot.target.name, request.direction))
        follow = partial(self._follow, self._screen.snapshot.target, request)
        start_task(self._screen, follow, "run")

    def cancel(self) -> None:
        """Ask the server to cancel the running statement, and end the run."""
        if self._run is not None:
            start_task(self._screen, partial(self._cancel, self._run), "cancel")

    def leave(self, *, cancel: bool) -> None:
        """Quit koonj when the run has ended, by itself or because it is cancelled."""
        self._leaving = True
        if cancel:
            self.cancel()

    @property
    def leaving(self) -> bool:
        """Will koonj quit at the end of the run?"""
        return self._leaving

    async def _cancel(self, run: Run) -> None:
        try:
            await run.cancel()
        except Exception as error:  # whatever libpq says, the person must read it
            self._screen.say(f"The server could not be asked to cancel: {error}")

    async def _follow(self, target: Target, request: Request) -> None:
        error, finished = None, None
        try:
            self._run = await self._engine.start(target, request)
            async for event in self._run.events():
                if self._heard.take(event):
                    await asyncio.sleep(0)  # a server that never stops talking must not keep the screen
                if isinstance(event, PlanMade):
                    self._plan = event.plan
                elif isinstance(event, Question):
                    self._ask(self._run, event, target)
                elif isinstance(event, RunFinished):
                    finished = event
        except Exception as broken:  # a defect must be seen, and must not take the screen along
            error = (
                f"koonj failed: {type(broken).__name__}: {broken}. koonj status tells what the target holds."
            )
        finally:
            self._end()
            self._heard.tell()
        self._screen.post_message(RunEnded(error))
        if finished is not None and finished.result is RunResult.REFUSED:
            self._offer(request, finished.conflicts)

    def _end(self) -> None:
        self.running = False
        self._run = None
        if self._dialog is not None and self._dialog.is_current:
            self._dialog.dismiss(None)
        self._dialog = None

    def _ask(self, run: Run, question: Question, target: Target) -> None:
        def answer(text: str | None) -> None:
            self._dialog = None
            run.answer(question.id, text or NO)

        assert self._plan is not None
        status = self._screen.snapshot.check.status
        dsn = status.dsn if status else ""
        self._dialog = Confirm(self._plan, question, target, dsn)
        self._screen.app.push_screen(self._dialog, answer)

    def _offer(self, request: Request, conflicts: tuple[Conflict, ...]) -> None:
        """Where a person may decide to pass all that stops the run, ask for the reason."""
        if not conflicts or not all(o.can_allow for o in conflicts):
            return

        def decide(reason: str | None) -> None:
            if reason:
                allow = request.allow | {o.state for o in conflicts}
                self.start(replace(request, allow=allow, reason=reason))

        self._screen.app.push_screen(Allow(conflicts, request.direction), decide)
