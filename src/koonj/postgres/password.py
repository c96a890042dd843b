"""Read the password of a target when a connection needs it."""

import os
import subprocess
from pathlib import Path

from koonj import child_environment
from koonj.config import Password

COMMAND_SECONDS = 60


def read_password(password: Password) -> str:
    """Return the password from the environment, a file or a command.

    Of a file and of a command's output, only the first line counts.

    Raises: OSError or ValueError, with a message that does not contain the password.
    """
    if password.source == "env":
        value = os.environ.get(password.value)
        if value is None:
            raise ValueError(f"the environment variable {password.value} is not set")
        return value
    if password.source == "file":
        data = Path(password.value).expanduser().read_bytes()
    else:
        data = _output_of(password.value)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        # "from None", because Python's message contains a byte of the password.
        raise ValueError(f"the text of the {password.source} is not UTF-8") from None
    lines = text.splitlines()
    if not lines or not lines[0]:
        raise ValueError(f"the first line of the {password.source} is empty")
    return lines[0]


def _output_of(command: str) -> bytes:
    # The command comes from the project's own koonj.toml and is written for the shell, as in git and ssh.
    # A new session has no terminal. Otherwise a prompt of the command would read keys meant for koonj.
    try:
        done = subprocess.run(  # noqa: S602
            command,
            shell=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=COMMAND_SECONDS,
            start_new_session=True,
            env=child_environment.for_password_command(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"its command did not finish in {COMMAND_SECONDS} s") from error
    if done.returncode != 0:
        # stderr can contain secrets, and this message is also written to logs, JSON and the history.
        raise ValueError(
            f"its command failed with exit status {done.returncode}. "
            "To see the command's own message, run the command in a terminal"
        )
    return done.stdout
