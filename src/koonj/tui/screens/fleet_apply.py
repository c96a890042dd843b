"""Apply to several targets: `koonj apply --targets`, on the terminal's normal screen.

There it asks and prints as it does from a shell, and the terminal keeps its table.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from functools import partial
from glob import escape
from pathlib import Path

from textual.app import App

from koonj.config import Target
from koonj.tui.toolkit.plain_screen import on_plain_screen
from koonj.tui.workers.subprocesses import PROGRAM

_BACK = "\nPress any key to go back to the screen of koonj. "


def command(targets: Sequence[Target], migrations: Path) -> list[str]:
    """Return the command that applies to exactly these targets."""
    names = ",".join(escape(target.name).replace(",", "[,]") for target in targets)
    return [*PROGRAM, "apply", "--targets", names, "--migrations", str(migrations)]


def apply_to(app: App[None], targets: Sequence[Target], migrations: Path) -> bool:
    """Run the command until it ends, and wait for a key. Return whether the terminal lets koonj do that."""
    return on_plain_screen(app, partial(_run, command(targets, migrations)))


def _run(words: Sequence[str]) -> str:
    # Ctrl-C is for the command: it cancels the runs. A handler, because the command would inherit SIG_IGN.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        subprocess.run(words, check=False)  # noqa: S603 - koonj itself
    except OSError as error:
        return f"koonj does not start: {error.strerror or error}.\n{_BACK}"
    finally:
        signal.signal(signal.SIGINT, before)
    return _BACK
