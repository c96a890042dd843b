"""The context of a run: connection, target, controls, and the user who started it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from koonj.config import Target
from koonj.postgres.answer_limit import LimitedAsyncConnection
from koonj.postgres.connector import Connector
from koonj.postgres.run_name import os_user
from koonj.postgres.session import ServerSession
from koonj.runner.run.events import Event
from koonj.runner.run.run import Control

if TYPE_CHECKING:
    from koonj.runner.apply.tool_rows import ToolRows  # few folders belong to another tool


class PausedLocks(Protocol):
    """Locks of another tool that can be given back for a while (`ToolLocks`)."""

    async def release_keys(self) -> None:
        """Release the advisory locks."""

    def take_keys_again(self) -> AsyncIterator[Event]:
        """Take them again."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """Connection and identity of one run, shared by all its steps."""

    connector: Connector
    target: Target
    conn: LimitedAsyncConnection
    control: Control
    os_user: str
    host: str
    since: int = 0
    """Id of the newest history entry when this run acquired the koonj lock; 0 before that."""
    server: ServerSession | None = None
    """The session on the server; None before the run has acquired the koonj lock."""
    name: str = ""
    """Name of the session while it runs a migration (`run_name`)."""
    tool_rows: ToolRows | None = None
    """The history of the tool to which the folder belongs; None if it is koonj's own."""
    tool_locks: PausedLocks | None = None
    """The locks of that tool; None if it has none."""


def open_session(
    connector: Connector, target: Target, conn: LimitedAsyncConnection, control: Control
) -> RunContext:
    """Return the context of a run on `conn`, with the user and host that run koonj."""
    return RunContext(connector, target, conn, control, os_user(), socket.gethostname())
