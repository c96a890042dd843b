"""Start of the screen: read what the terminal can do, then import and run Textual."""

from __future__ import annotations

import asyncio
import gc
import os
import sys

from koonj.config import Settings
from koonj.config.screen_settings import ScreenSettings
from koonj.tui.toolkit import capabilities

USAGE_ERROR = 2


def run(
    settings: Settings,
    screen_settings: ScreenSettings = ScreenSettings(),  # noqa: B008 - a frozen value
    *,
    ascii_only: bool = False,
) -> int:
    """Run the screen until the user quits. Return the exit status.

    Raises:
        ConfigError: a screen setting is wrong. Nothing is drawn then.
    """
    refusal = capabilities.refusal(os.environ, is_tty=sys.stdin.isatty() and sys.stderr.isatty())
    if refusal is not None:
        print(refusal, file=sys.stderr)
        return USAGE_ERROR
    found = capabilities.detect(
        os.environ, encoding=sys.stderr.encoding, ascii_only=ascii_only, screen=screen_settings
    )
    capabilities.set_environment(found, os.environ)
    gc.disable()  # Imported modules are never garbage. `garbage.start` enables the collector again.
    from koonj.tui.app import run_app  # noqa: PLC0415 - Textual reads environment variables when it is imported

    return asyncio.run(run_app(settings, found, screen_settings))
