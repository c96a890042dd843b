"""Read the password of a target when a connection needs it."""

import os
import signal
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from koonj import child_environment
from koonj.config import Password
from koonj.config.settings import PASSWORD_SECONDS

SAID = 3
"""Exit status of koonj's own modules that bring a password: their standard error says why there is none."""


def read_password(password: Password) -> str:
    """Return the password from the environment, a file, or a program.

    Of a file and of a program's output, only the first line counts.

    Raises: OSError or ValueError, with a message that does not contain the password.
    """
    if password.source == "env":
        value = os.environ.get(password.value)
        if value is None:
            raise ValueError(f"the environment variable {password.value} is not set")
        return value
    if password.source == "file":
        data = Path(password.value).expanduser().read_bytes()
    elif password.source == "command":
        data = _output_of_command(password.value)
    else:
        data = _output_of_helper(password)
    try:
        text = data.decode()
    except UnicodeDecodeError:
        # "from None", because Python's message contains a byte of the password.
        raise ValueError(f"the text of the {password.source} is not UTF-8") from None
    lines = text.splitlines()
    if not lines or not lines[0]:
        raise ValueError(f"the first line of the {password.source} is empty")
    return lines[0]


def _output_of_command(command: str) -> bytes:
    # The command comes from the project's own koonj.toml and is written for the shell, as in git and ssh.
    status, output, _ = _run(command, is_shell=True)
    if status != 0:
        # stderr can contain secrets, and this message is also written to logs, JSON and the history.
        raise ValueError(
            f"its command failed with exit status {status}. "
            "To see the command's own message, run the command in a terminal"
        )
    return output


def _output_of_helper(password: Password) -> bytes:
    """Run koonj's own module for this source, in a process of its own.

    So a slow service can be ended after its time, nothing asks in koonj's terminal, and koonj never imports
    the library.
    """
    from koonj.own_module import module_command  # noqa: PLC0415 - most passwords need no process of koonj

    words: tuple[str, ...]
    if password.source == "aws_rds":
        host, port, user = password.login
        module, library, extra = "koonj.postgres.rds_token", "botocore", "aws"
        words = (host, port or os.environ.get("PGPORT") or "5432", user, password.value, password.account)
    else:
        module, library, extra = "koonj.postgres.keyring_password", "keyring", "keyring"
        words = (password.value, password.account)
    if find_spec(library) is None:
        raise ValueError(f"{password.source} needs {library}. Run: pip install 'koonj[{extra}]'")
    status, output, said = _run((*module_command(module), *words))
    if status == SAID:
        raise ValueError(said.decode("utf-8", "replace").strip())
    if status != 0:
        raise ValueError(f"{library} failed with exit status {status}")
    return output


def _run(words: str | Sequence[str], *, is_shell: bool = False) -> tuple[int, bytes, bytes]:
    """Return exit status, output and errors of a program.

    A new session has no terminal. Otherwise a prompt of the program would read keys meant for koonj.

    Raises: ValueError if it takes too long.
    """
    with subprocess.Popen(  # noqa: S603
        words,
        shell=is_shell,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=child_environment.for_password_command(),
    ) as process:
        try:
            output, said = process.communicate(timeout=PASSWORD_SECONDS)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)  # the shell, and what it has started
            raise ValueError(f"its command did not finish in {PASSWORD_SECONDS} s") from error
    return process.returncode, output, said
