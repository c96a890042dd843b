"""Read the password of a target when a connection needs it."""

import os
import signal
import subprocess
from pathlib import Path

from koonj import child_environment
from koonj.config import Password
from koonj.config.settings import PASSWORD_SECONDS


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
    with subprocess.Popen(  # noqa: S602
        command,
        shell=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=child_environment.for_password_command(),
    ) as process:
        try:
            output, _ = process.communicate(timeout=PASSWORD_SECONDS)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)  # the shell, and what it has started
            raise ValueError(f"its command did not finish in {PASSWORD_SECONDS} s") from error
    if process.returncode != 0:
        # stderr can contain secrets, and this message is also written to logs, JSON and the history.
        raise ValueError(
            f"its command failed with exit status {process.returncode}. "
            "To see the command's own message, run the command in a terminal"
        )
    return output
