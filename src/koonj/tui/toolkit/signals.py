"""Exit on signals: restore the terminal, and exit even if the terminal is gone."""

from __future__ import annotations

import asyncio
import os
import select
import signal
from threading import Timer
from time import sleep

from textual.app import App

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
STDIN = 0
"""The file descriptor from which Textual's driver reads keys."""
EXIT_TIMEOUT = 3.0
"""Seconds for a normal exit, which never ends if the terminal has vanished."""


def exit_on_signals(app: App[None]) -> None:
    """Let SIGTERM and SIGHUP exit `app` with status 128 + signal number, as shells do."""
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, _exit, app, 128 + number)


class TerminalGoneError(Exception):
    """Raised where koonj would use a terminal that has vanished."""


def leave(app: App[None]) -> None:
    """Exit as if the terminal had hung up."""
    _exit(app, 128 + signal.SIGHUP)


def must_have_terminal(terminal: int) -> None:
    """Check that the terminal is still there. `terminal`: its file descriptor.

    To be called before Textual resumes: it would write into a terminal that has vanished, and wait for ever.

    Raises: TerminalGoneError.
    """
    if _has_gone(terminal):
        raise TerminalGoneError


def _exit(app: App[None], status: int) -> None:
    app.exit(return_code=status)
    last = Timer(EXIT_TIMEOUT, os._exit, (status,))
    last.daemon = True
    last.start()


def hang_up_without_terminal(terminal: int, pause: float = 0.1) -> None:
    """Send SIGHUP to this process if its terminal has vanished, and wait `pause` seconds.

    The kernel does that only if it is the controlling terminal. In a container, or under some launchers, it
    is not: there every read says at once that nothing is left, for ever. `terminal`: its file descriptor.
    Source: poll(2), POLLHUP.
    """
    if _has_gone(terminal):
        os.kill(os.getpid(), signal.SIGHUP)
        sleep(pause)


def _has_gone(terminal: int) -> bool:
    look = select.poll()
    look.register(terminal, 0)
    return any(found & select.POLLHUP for _, found in look.poll(0))
