"""What all steps of one run share."""

from __future__ import annotations

import getpass
import socket
from dataclasses import dataclass

from psycopg import AsyncConnection

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.runner.run.run import Control


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run's connection, and who is asking."""

    connector: Connector
    target: Target
    conn: AsyncConnection
    control: Control
    os_user: str
    host: str
    since: int = 0
    """The newest entry when this run got the lock."""


def open_session(connector: Connector, target: Target, conn: AsyncConnection, control: Control) -> RunContext:
    """A session in the name of the person who runs koonj."""
    return RunContext(connector, target, conn, control, _os_user(), socket.gethostname())


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"  # a container's uid without a name
