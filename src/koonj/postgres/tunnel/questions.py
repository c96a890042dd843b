"""Let ssh ask the user, for a passphrase, a one-time code or a host key, while it logs in.

ssh asks with the program that SSH_ASKPASS names. That program passes the question on to this process, over a
socket in the private folder of the tunnel, and writes the answer to ssh. So an answer is in no argument, no
variable and no file.

SSH_ASKPASS_PROMPT says what ssh wants. ``none``: while a security key (FIDO) waits for a touch, ssh runs the
program with a text that needs no answer, and ends the program after the touch. ``confirm``: yes or no, as for
``AddKeysToAgent ask``. Source: ssh-add(1), ssh_config(5) and OpenSSH's readpass.c (notify_start,
ask_permission).

Without a screen, ssh asks nothing (BatchMode), but these two come all the same: the user is told of a touch,
and a confirmation is refused.
"""

from __future__ import annotations

import shlex
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_SOCKET = "KOONJ_ASKPASS"
_NOTICE, _CONFIRMATION = "none", "confirm"
_PROGRAM = f"""\
import os, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect(os.environ["{_SOCKET}"])
kind = os.environ.get("SSH_ASKPASS_PROMPT", "")
line.sendall(os.fsencode(kind + "\\n" + " ".join(sys.argv[1:])) + b"\\0")
answer = b""
while part := line.recv(65536):
    answer += part
if not answer:
    sys.exit(1)
sys.stdout.buffer.write(answer[1:] + b"\\n")
"""
"""The program that ssh runs. It imports nothing of koonj, so that it starts at once."""


@dataclass(frozen=True, slots=True)
class SshQuestion:
    """A question of ssh, in its own words."""

    host: str
    """The host to which koonj connects; a hop before it can be the one that asks."""
    text: str
    is_notice: bool = False
    """It needs no answer: ssh waits for a touch of the security key."""
    is_confirmation: bool = False
    """The answer is yes or no."""

    @property
    def is_secret(self) -> bool:
        """Whether the answer must not be shown: all but yes and no."""
        return "(yes/no" not in self.text


Tell = Callable[[SshQuestion], None]
"""Shows the user what ssh says, if nobody can answer. From any thread."""

Ask = Callable[[SshQuestion], "Future[str | None]"]
"""Asks the user. The answer None means that the user does not answer, or gives up a notice.

The future is cancelled when nobody waits for the answer any more, as after the touch of a security key.
"""


class Questions:
    """Passes questions of one ssh on, as long as it logs in. Use as a context manager."""

    def __init__(self, host: str, folder: Path, ask: Ask | None, tell: Tell | None = None) -> None:
        """`folder`: a folder that only this user can enter; `ask` is None if nobody can answer."""
        self._host = host
        self._folder = folder
        self._ask = ask
        self._tell = tell
        self._open: set[Future[str | None]] = set()
        self._is_closed = False
        self.is_declined = False
        """Whether the user did not answer."""
        self.is_given_up = False
        """Whether the user does not want to touch the security key: ssh waits, but need not."""

    def __enter__(self) -> Self:
        self._remove()
        program, wrapper = self._folder / "askpass.py", self._folder / "askpass"
        program.write_text(_PROGRAM, "utf-8")
        command = shlex.join((sys.executable, "-I", str(program)))
        wrapper.write_text(f'#!/bin/sh\nexec {command} "$@"\n', "utf-8")
        wrapper.chmod(0o700)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self._folder / "ask"))
        self._listener.listen()
        threading.Thread(target=self._serve, name="koonj askpass", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_closed = True
        with suppress(OSError):  # macOS: the socket is not connected
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for question in list(self._open):
            question.cancel()
        self._remove()

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """Return the variables with which ssh asks here. Old versions ask so only if there is a DISPLAY."""
        return {
            "SSH_ASKPASS": str(self._folder / "askpass"),
            "SSH_ASKPASS_REQUIRE": "force",
            "DISPLAY": environ.get("DISPLAY") or ":0",
            _SOCKET: str(self._folder / "ask"),
        }

    @property
    def can_answer(self) -> bool:
        """Whether a user is there to answer."""
        return self._ask is not None

    @property
    def is_waiting(self) -> bool:
        """Whether the user is being asked."""
        return bool(self._open)

    def _serve(self) -> None:
        while not self._is_closed:
            try:
                line, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._pass_on, args=(line,), name="koonj askpass", daemon=True).start()

    def _pass_on(self, line: socket.socket) -> None:
        with line, suppress(OSError):  # the program was killed with its ssh
            asked = b""
            while not asked.endswith(b"\0") and (part := line.recv(65536)):
                asked += part
            kind, _, text = asked.rstrip(b"\0").decode("utf-8", "replace").partition("\n")
            question = SshQuestion(self._host, text, kind == _NOTICE, kind == _CONFIRMATION)
            if self._ask is None:
                self._only_tell(question, line)
            elif question.is_notice:
                self._show(self._ask, question, line)
            elif (answer := self._answer(self._ask, question)) is not None:
                line.sendall(b"+" + answer.encode())

    def _only_tell(self, question: SshQuestion, line: socket.socket) -> None:
        """Tell the user of it. The end of the program means no to ssh; one for a touch is ended by ssh."""
        if self._tell is not None:
            self._tell(question)
        while question.is_notice and line.recv(65536):
            pass

    def _show(self, ask: Ask, question: SshQuestion, line: socket.socket) -> None:
        """Show a notice until ssh ends its program, or the user gives up."""
        if self.is_declined:
            return
        asking = self._asking(ask, question)
        asking.add_done_callback(lambda _: _wake(line))
        try:
            while line.recv(65536):
                pass
        finally:
            self._open.discard(asking)
        if not asking.cancel():  # the user has given up
            self.is_declined = self.is_given_up = True

    def _asking(self, ask: Ask, question: SshQuestion) -> Future[str | None]:
        asking = ask(question)
        self._open.add(asking)
        if self._is_closed:
            asking.cancel()
        return asking

    def _answer(self, ask: Ask, question: SshQuestion) -> str | None:
        if self.is_declined:  # ssh asks three times
            return None
        asking = self._asking(ask, question)
        try:
            answer = asking.result()
        except CancelledError:
            return None
        finally:
            self._open.discard(asking)
        self.is_declined = self.is_declined or answer is None
        return answer

    def _remove(self) -> None:
        for name in ("ask", "askpass", "askpass.py"):
            (self._folder / name).unlink(missing_ok=True)


def _wake(line: socket.socket) -> None:
    """Let the thread that reads from a socket go on."""
    with suppress(OSError):  # the other end is closed already
        line.shutdown(socket.SHUT_RDWR)
