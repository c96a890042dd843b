"""Run one apply or rollback at a time; post its events and questions as messages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from textual.dom import DOMNode

from koonj.config import Target
from koonj.runner.run.conflict import NOT_TRANSACTIONAL, Conflict, decisive_first
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import PlanMade, Question, RunFinished, RunResult
from koonj.runner.run.planned import Plan
from koonj.runner.run.request import AllowedConflict, Request
from koonj.tui.state.messages import (
    QuestionAsked,
    RunEnded,
    RunOpened,
    RunStopped,
    StatusMessage,
    TargetChosen,
)
from koonj.tui.state.run import interrupted_name
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.toolkit.tasks import start_task
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.event_batcher import EventBatcher

if TYPE_CHECKING:
    from koonj.runner.process.journal_reader import KnownRun
    from koonj.runner.run.run import Run
    from koonj.runner.run.unblock_request import UnblockRequest
    from koonj.runner.settle import InterruptedMigration, Settlement

_MOST_REFUSALS = 3
"""Number of migrations that a plan names because they cannot be in a batch."""
NO = "no"
"""Answer that confirms no question."""


class RunControl:
    """Control of one run: its start, events, confirmation and cancellation."""

    def __init__(self, node: DOMNode, backend: Backend, snapshot: Callable[[], Snapshot]) -> None:
        """Take the parts of the screen that it works for.

        `node` receives the messages; when it is removed, the run ends.
        """
        self._node = node
        self._backend = backend
        self._snapshot = snapshot
        self._run: Run | None = None
        self._plan: Plan | None = None
        self._is_quitting = False
        self._changed: Request | None = None
        """What to plan when the current run has ended: its plan is declined for that."""
        self._request: Request | None = None
        self.is_probe = False
        """Whether the current run is a probe."""
        self.batch_refusal = ""
        """Why the migrations of the current run cannot be a batch; empty if that is not known."""
        self._batcher = EventBatcher(node)
        self.running = False
        self.ended_id = ""
        """Id of the run that has ended last; empty if none has."""

    def start(self, request: Request) -> None:
        """Start a run on the chosen target."""
        target = self._snapshot().target
        self.running = True
        self._node.post_message(RunOpened(target.name, request.direction))
        start_task(self._node, partial(self._run_request, target, request), "run")

    def plan_again(self, changed: Callable[[Request], Request]) -> None:
        """Plan the current run again in another way, when it has ended: its plan is declined for that.

        `changed`: returns the request for it.
        """
        if self._request is not None:
            self._changed = changed(self._request)

    def reason_of(self, conflict: Conflict) -> str:
        """Return the reason that the current run records for a conflict which is allowed."""
        return self._request.reason_of(conflict) if self._request is not None else ""

    def settle(self, target: Target, shown: InterruptedMigration, settlement: Settlement) -> None:
        """Carry out what the user has decided about an interruption, as it was shown."""
        assert shown.interruption is not None
        self.running = True
        direction = Direction(shown.interruption.entry.action)
        self._node.post_message(RunOpened(target.name, direction, shown.status.name))
        start_task(self._node, partial(self._run_settlement, target, shown, settlement), "run")

    def follow(self, known: KnownRun) -> None:
        """Follow a run that is in progress in another process, and choose its target."""
        head, snapshot = known.head, self._snapshot()
        self.running = True
        on_one = not head.targets and head.target != snapshot.chosen
        if on_one and any(c.target.name == head.target for c in snapshot.checks):
            self._node.post_message(TargetChosen(head.target, has_run=True))
            text = f"koonj has chosen the target {head.target}, because the run is on it."
            self._node.post_message(StatusMessage(text))
        self._node.post_message(
            RunOpened(
                *(head.target, head.direction, head.settles, head.started.timestamp()), targets=head.targets
            )
        )
        start_task(self._node, partial(self._run_elsewhere, known), "run")

    @property
    def survives(self) -> bool:
        """Whether the run goes on if this process ends."""
        return self._run is not None and self._run.survives

    @property
    def run_id(self) -> str:
        """Id of the run in progress; empty if there is none."""
        return self._run.id if self._run is not None else ""

    def cancel(self) -> None:
        """Cancel the running statement on the server, and end the run."""
        if self._run is not None:
            start_task(self._node, partial(self._cancel, self._run), "cancel")

    def cancel_part(self, run_id: str) -> None:
        """Cancel the run on one of several targets; the others go on. `run_id`: its own."""
        start_task(self._node, partial(self._cancel_part, run_id), "cancel")

    async def _cancel_part(self, run_id: str) -> None:
        run = await asyncio.to_thread(self._backend.part_of_run, run_id)
        if run is None:
            text = "koonj cannot cancel this run alone: it has no journal. Nothing was done."
            self._node.post_message(StatusMessage(text, is_problem=True))
            return
        await self._cancel(run)

    def unblock(self, request: UnblockRequest) -> None:
        """Cancel the statement of a blocking session, or end it. The log of the run says what came of it."""
        if self._run is not None:
            start_task(self._node, partial(self._unblock, self._run, request), "unblock")
        else:
            self._node.post_message(StatusMessage("The run has ended. Nothing was done.", is_problem=True))

    async def _unblock(self, run: Run, request: UnblockRequest) -> None:
        try:
            await run.unblock(request)
        except OSError as error:
            text = f"Nothing was done: {error.strerror or error}."
            self._node.post_message(StatusMessage(text, is_problem=True))

    def quit_after_run(self, *, cancel: bool) -> None:
        """Quit koonj after the end of the run; `cancel` the run first if wanted."""
        self._is_quitting = True
        if cancel:
            self.cancel()

    @property
    def is_quitting(self) -> bool:
        """Whether koonj quits after the end of the run."""
        return self._is_quitting

    async def _cancel(self, run: Run) -> None:
        try:
            await run.cancel()
        except Exception as error:  # the user must see any error of libpq
            self._node.post_message(
                StatusMessage(f"Could not send the cancel request to the server: {error}", is_problem=True)
            )

    async def _run_request(self, target: Target, request: Request) -> None:
        self._request, self._changed, self.is_probe = request, None, request.probe
        if request.batch:
            self.batch_refusal = ""
        finished = await self._follow(partial(self._backend.start_run, target, request), target)
        self._request, self.batch_refusal = None, ""
        if self._start_changed():
            return
        if finished is not None and finished.result is RunResult.REFUSED:
            if request.batch and self._singly(request, finished.conflicts):
                return
            self._offer_decision(request, finished.conflicts)

    async def _run_elsewhere(self, known: KnownRun) -> None:
        await self._follow(partial(self._backend.follow_run, known))

    async def _run_settlement(
        self, target: Target, shown: InterruptedMigration, settlement: Settlement
    ) -> None:
        await self._follow(partial(self._backend.start_settlement, target, shown, settlement))

    async def _follow(
        self, opened: Callable[[], Awaitable[Run]], target: Target | None = None
    ) -> RunFinished | None:
        """Pass on the events of a run. `target`: that of a run which asks."""
        error, finished = None, None
        try:
            self._run = self._backend.following = await opened()
            async for event in self._run.events():
                if self._batcher.add(event):
                    await asyncio.sleep(
                        0
                    )  # a server that sends events all the time must not block the screen
                if isinstance(event, PlanMade):
                    self._plan = event.plan
                elif isinstance(event, Question) and target is not None:
                    self._ask(self._run, event, target)
                elif isinstance(event, RunFinished):
                    finished = event
            self._backend.following = None
        except Exception as broken:  # a defect must be visible, and must not end the screen
            failure = f"koonj failed: {type(broken).__name__}: {broken}."
            error = f"{failure} The target shows what was committed."
        finally:
            self._end()
            self._batcher.flush()
        self._node.post_message(RunEnded(error))
        return finished

    def _end(self) -> None:
        self.running, self.ended_id = False, self.run_id or self.ended_id
        self._run = None

    def _ask(self, run: Run, question: Question, target: Target) -> None:
        def answer(text: str | None) -> None:
            run.answer(question.id, text or NO)

        assert self._plan is not None
        self._node.post_message(QuestionAsked(self._plan, question, target, answer))

    def restart_allowing(self, stopped: RunStopped, reasons: Sequence[str]) -> None:
        """Start the refused run again, and allow each of its conflicts for its own reason."""
        new = (
            AllowedConflict(conflict.name, conflict.state, reason)
            for conflict, reason in zip(stopped.conflicts, reasons, strict=True)
        )
        self.start(replace(stopped.request, allowed=(*stopped.request.allowed, *new)))

    def _start_changed(self) -> bool:
        """Start the run that the user wanted instead of an answer, if there is one."""
        if self._changed is None or self._is_quitting:
            return False
        self.start(self._changed)
        return True

    def _singly(self, request: Request, conflicts: tuple[Conflict, ...]) -> bool:
        """Plan again without a batch, and say in the plan why, if only that was the matter."""
        if not all(conflict.state == NOT_TRANSACTIONAL for conflict in conflicts):
            return False
        self.start(replace(request, batch=False))
        self.batch_refusal = " ".join(conflict.message for conflict in conflicts[:_MOST_REFUSALS])
        return True

    def _offer_decision(self, request: Request, conflicts: tuple[Conflict, ...]) -> None:
        """Let the screen ask what to do if all conflicts can be allowed, or a migration was interrupted."""
        can_allow = bool(conflicts) and all(conflict.can_allow for conflict in conflicts)
        if can_allow or interrupted_name(conflicts) is not None:
            self._node.post_message(RunStopped(request, decisive_first(conflicts)))
