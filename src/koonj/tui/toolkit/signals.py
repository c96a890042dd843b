"""Told to go: leave the terminal clean, and be gone even where the terminal is."""

from __future__ import annotations

import asyncio
import os
import signal
from threading import Timer

from textual.app import App

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
PATIENCE = 3.0
"""Seconds for the orderly way out, which waits for ever to write to a terminal that has vanished."""


def leave_when_told(app: App[None]) -> None:
    """From now on SIGTERM and SIGHUP end `app` with the exit status that shells give them."""
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, _leave, app, 128 + number)


def _leave(app: App[None], status: int) -> None:
    app.exit(return_code=status)
    last = Timer(PATIENCE, os._exit, (status,))
    last.daemon = True
    last.start()
