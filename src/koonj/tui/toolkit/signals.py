"""Exit on signals: restore the terminal, and exit even if the terminal is gone."""

from __future__ import annotations

import asyncio
import os
import signal
from threading import Timer

from textual.app import App

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
EXIT_TIMEOUT = 3.0
"""Seconds for a normal exit, which never ends if the terminal has vanished."""


def exit_on_signals(app: App[None]) -> None:
    """Let SIGTERM and SIGHUP exit `app` with status 128 + signal number, as shells do."""
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, _exit, app, 128 + number)


def _exit(app: App[None], status: int) -> None:
    app.exit(return_code=status)
    last = Timer(EXIT_TIMEOUT, os._exit, (status,))
    last.daemon = True
    last.start()
