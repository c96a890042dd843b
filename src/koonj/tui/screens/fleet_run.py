"""Start a run on several targets: `koonj apply` or `koonj rollback`, on the terminal's normal screen.

There it plans and asks as it does from a shell. After the user's yes the run continues in a process of its
own, and the screen follows it.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from enum import Enum
from functools import partial
from glob import escape
from pathlib import Path

from textual.app import App

from koonj.config import Target
from koonj.tui.toolkit.plain_screen import on_plain_screen
from koonj.tui.workers.subprocesses import PROGRAM

LEFT = 8
"""Exit code of the command if the run goes on in another process (docs/production.md)."""
_BACK = "\nPress any key to go back to the screen of koonj. "


class FleetStart(Enum):
    """What came of it."""

    IMPOSSIBLE = "the terminal does not let koonj leave its screen"
    ENDED = "nothing is in progress any more"
    LEFT = "the run goes on in a process of its own"


def command(words: Sequence[str], targets: Sequence[Target], migrations: Path) -> list[str]:
    """Return the command for exactly these targets. `words`: ``apply``, or ``rollback`` and how far."""
    names = ",".join(escape(target.name).replace(",", "[,]") for target in targets)
    return [*PROGRAM, *words, "--targets", names, "--migrations", str(migrations), "--leave"]


def start_on(app: App[None], words: Sequence[str], targets: Sequence[Target], migrations: Path) -> FleetStart:
    """Run the command until the user has confirmed, or it has ended. Then wait for a key, if it has ended."""
    codes: list[int] = []
    if not on_plain_screen(app, partial(_run, command(words, targets, migrations), codes)):
        return FleetStart.IMPOSSIBLE
    return FleetStart.LEFT if codes == [LEFT] else FleetStart.ENDED


def _run(words: Sequence[str], codes: list[int]) -> str:
    # Ctrl-C is for the command: it cancels the plan. A handler, because the command would inherit SIG_IGN.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        codes.append(subprocess.run(words, check=False).returncode)  # noqa: S603 - koonj itself
    except OSError as error:
        return f"koonj does not start: {error.strerror or error}.\n{_BACK}"
    finally:
        signal.signal(signal.SIGINT, before)
    return "" if codes == [LEFT] else _BACK
