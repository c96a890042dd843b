"""Work beside the screen: a coroutine that the screen outlives."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import Any, ParamSpec, TypeVar

from textual.dom import DOMNode
from textual.worker import Worker

Work = Callable[[], Coroutine[Any, Any, None]]


def start_task(node: DOMNode, work: Work, group: str, *, exclusive: bool = False) -> None:
    """Begin `work` in Textual's loop; it ends with `node`. `exclusive` ends what the group did before.

    Without a description Textual would write one of all that `work` holds: whole folders, and secrets.
    """
    worker: Worker[None] = node.run_worker(work, group=group, description=group, exclusive=exclusive)
    del worker  # nobody waits for it: what it finds out comes as a message


Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class DaemonExecutor(ThreadPoolExecutor):
    """An executor for asyncio, which wants a ThreadPoolExecutor: each call gets a daemon thread of its own.

    Python's own pool is joined at exit, and a thread within getaddrinfo() cannot be stopped.
    """

    def submit(
        self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Future[Result]:
        """Run `fn` in a thread that ends with it, or with the process."""
        future: Future[Result] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # as the pool does: it belongs to whoever waits for the result
                future.set_exception(error)

        Thread(target=work, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as in Python
        """Nothing to wait for."""
