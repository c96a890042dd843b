"""The way in: what the terminal can do first, then Textual, then the screen."""

from __future__ import annotations

import asyncio
import gc
import os
import sys

from koonj.config import ScreenSettings, Settings
from koonj.tui.toolkit import capabilities

USAGE_ERROR = 2


def run(
    settings: Settings,
    wishes: ScreenSettings = ScreenSettings(),  # noqa: B008 - a frozen value
    *,
    ascii_only: bool = False,
) -> int:
    """Show koonj's screen until the person leaves; gives the exit status.

    Raises ConfigError, before anything is drawn, for a wish that cannot be met.
    """
    refusal = capabilities.refusal(os.environ, is_tty=sys.stdin.isatty() and sys.stderr.isatty())
    if refusal is not None:
        print(refusal, file=sys.stderr)
        return USAGE_ERROR
    found = capabilities.read(os.environ, encoding=sys.stderr.encoding, ascii_only=ascii_only, wishes=wishes)
    capabilities.settle(found, os.environ)
    gc.disable()  # what is imported stays: nothing has to look for garbage in it; see `LoadingScreen`
    from koonj.tui.app import show  # noqa: PLC0415 - Textual reads its switches when it is imported

    return asyncio.run(show(settings, found, wishes))
