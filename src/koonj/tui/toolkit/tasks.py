"""Work beside the screen: a coroutine that the screen outlives."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker

Work = Callable[[], Coroutine[Any, Any, None]]


def start_task(node: DOMNode, work: Work, group: str, *, exclusive: bool = False) -> None:
    """Begin `work` in Textual's loop; it ends with `node`. `exclusive` ends what the group did before.

    Without a description Textual would write one of all that `work` holds: whole folders, and secrets.
    """
    worker: Worker[None] = node.run_worker(work, group=group, description=group, exclusive=exclusive)
    del worker  # nobody waits for it: what it finds out comes as a message
