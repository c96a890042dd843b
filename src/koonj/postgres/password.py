"""A target's password, read at the moment a connection needs it."""

import os
import subprocess
from pathlib import Path

from koonj.config import Password

COMMAND_SECONDS = 60


def read_password(password: Password) -> str:
    """The password, from the environment, a file's first line, or what a command prints.

    Raises OSError or ValueError with a message that does not hold the password.
    """
    if password.source == "env":
        value = os.environ.get(password.value)
        if value is None:
            raise ValueError(f"the environment has no variable {password.value}")
        return value
    if password.source == "file":
        text = Path(password.value).expanduser().read_text(encoding="utf-8")
    else:
        text = _output_of(password.value)
    lines = text.splitlines()
    if not lines or not lines[0]:
        raise ValueError(f"the {password.source} gave an empty first line")
    return lines[0]


def _output_of(command: str) -> str:
    # The command is the project's own koonj.toml, and is meant for the shell, as git's and ssh's are.
    # A session of its own has no terminal: what asks there would take the keys that are meant for koonj.
    try:
        done = subprocess.run(  # noqa: S602
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"its command gave no answer in {COMMAND_SECONDS} s") from error
    if done.returncode != 0:
        raise ValueError(f"its command ended with {done.returncode}: {done.stderr.strip()[:200]}")
    return done.stdout
