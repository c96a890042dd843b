"""One run at a time: its events and questions go to the screen as messages, and the answers come back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from koonj.config import Target
from koonj.runner.run.events import Conflict, Plan, PlanMade, Question, RunFinished, RunResult
from koonj.runner.run.request import Request
from koonj.tui.state.messages import QuestionAsked, RunEnded, RunOpened, RunStopped, StatusMessage
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.event_batcher import EventBatcher

if TYPE_CHECKING:
    from koonj.runner.run.run import Run

NO = "no"
"""An answer that no question takes for a yes."""


class RunControl:
    """Knows a run by its event stream and its two verbs, and nothing else of it."""

    def __init__(self, node: DOMNode, engine: Backend, snapshot: Callable[[], Snapshot]) -> None:
        """`node` gets the messages, and ends the run with itself."""
        self._node = node
        self._engine = engine
        self._snapshot = snapshot
        self._run: Run | None = None
        self._plan: Plan | None = None
        self._leaving = False
        self._heard = EventBatcher(node)
        self.running = False

    def start(self, request: Request) -> None:
        """Begin a run on the chosen target."""
        self.running = True
        self._node.post_message(RunOpened(self._snapshot().target.name, request.direction))
        follow = partial(self._follow, self._snapshot().target, request)
        start_task(self._node, follow, "run")

    def cancel(self) -> None:
        """Ask the server to cancel the running statement, and end the run."""
        if self._run is not None:
            start_task(self._node, partial(self._cancel, self._run), "cancel")

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
            self._node.post_message(
                StatusMessage(f"The server could not be asked to cancel: {error}", is_problem=True)
            )

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
        self._node.post_message(RunEnded(error))
        if finished is not None and finished.result is RunResult.REFUSED:
            self._offer(request, finished.conflicts)

    def _end(self) -> None:
        self.running = False
        self._run = None

    def _ask(self, run: Run, question: Question, target: Target) -> None:
        def answer(text: str | None) -> None:
            run.answer(question.id, text or NO)

        assert self._plan is not None
        self._node.post_message(QuestionAsked(self._plan, question, target, answer))

    def go_on(self, stopped: RunStopped, reason: str) -> None:
        """Begin the run that was stopped once more, and pass for `reason` what stopped it."""
        allow = stopped.request.allow | {conflict.state for conflict in stopped.conflicts}
        self.start(replace(stopped.request, allow=allow, reason=reason))

    def _offer(self, request: Request, conflicts: tuple[Conflict, ...]) -> None:
        """Where a person may decide to pass all that stops the run, let the screen ask for the reason."""
        if conflicts and all(o.can_allow for o in conflicts):
            self._node.post_message(RunStopped(request, conflicts))
