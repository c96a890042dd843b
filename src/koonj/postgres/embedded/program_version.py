"""Ask a PostgreSQL program for its version or configuration."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from koonj import child_environment
from koonj.postgres.embedded.errors import SCARCE, of_system

_PATIENCE = 10.0  # seconds


def answer_of(program: Path, option: str) -> str | None:
    """Return the program's output without the last line end.

    None if it does not run here: it is for another processor or C library, or mounted noexec.

    Raises:
        EmbeddedError: no program can be started now.
    """
    try:
        done = subprocess.run(  # noqa: S603  the user or the system chose this program
            [program, option],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
            stdin=subprocess.DEVNULL,
            env=child_environment.for_program(),
        )
    except OSError as error:
        if error.errno in SCARCE:  # no program would run, so this one is not missing
            raise of_system(error) from error
        return None
    except subprocess.SubprocessError:
        return None
    return done.stdout.strip()


def version_of(program: Path) -> tuple[int, int] | None:
    """Return (major, minor), such as (18, 6).

    None if the program does not run here or its output has another form.
    """
    match = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", answer_of(program, "--version") or "")
    return (int(match[1]), int(match[2] or 0)) if match else None
