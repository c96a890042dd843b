"""Run coroutines in the background of the screen."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Thread
from typing import Any, ParamSpec, TypeVar

from textual.dom import DOMNode
from textual.worker import Worker

Work = Callable[[], Coroutine[Any, Any, None]]


def start_task(node: DOMNode, work: Work, group: str, *, exclusive: bool = False) -> None:
    """Start `work` in Textual's loop. It ends with `node`.

    `exclusive` cancels other work of the group. The description is set because Textual would otherwise write
    one with all values in `work`: whole folders, and secrets.
    """
    worker: Worker[None] = node.run_worker(work, group=group, description=group, exclusive=exclusive)
    del worker  # nothing waits for it: results come as messages


Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class DaemonExecutor(ThreadPoolExecutor):
    """Executor for asyncio that runs each call in a daemon thread of its own.

    Python's own pool is joined at exit, and a thread in getaddrinfo() cannot be stopped. asyncio requires a
    subclass of ThreadPoolExecutor.
    """

    def submit(
        self, fn: Callable[Parameters, Result], /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Future[Result]:
        """Run `fn` in a thread that ends with it or with the process."""
        future: Future[Result] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # as in Python's pool: it is raised where the result is awaited
                future.set_exception(error)

        Thread(target=work, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as in Python
        """Do nothing: daemon threads are not joined."""
