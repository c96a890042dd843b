"""Keep the passwords that programs bring in memory while they are valid, and run each program once.

A password is never written to a file. A program takes time, and can ask the user for a code. So connections
that begin at the same moment share one answer, also those of several threads.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from threading import Lock
from typing import Any, TypeVar

from koonj.config import Password
from koonj.postgres.password import read_password

Connection = TypeVar("Connection")
KEPT_SECONDS = 60.0
"""How long a password is kept if nothing says how long it is valid.

This is for the connections of one command; a run keeps it to its end. If the server refuses it by then, the
program runs again.
"""
_MARGIN, _LARGEST_SHARE = 60.0, 0.1
"""How much earlier than it expires a password is asked again: seconds, and the largest share of its lifetime.

The server looks at it some time later: after name servers, ssh and TLS.
"""


class _Answer:
    """One run of a program: its password, once it has answered."""

    def __init__(self) -> None:
        self.future: Future[str] = Future()
        self.future.set_running_or_notify_cancel()  # one that waits cannot cancel it for the others
        self.end = inf
        """Unix time until which the password is used. A program that still runs is waited for."""
        self.is_guess = False
        """Whether nothing says how long the password is valid."""


class PasswordError(Exception):
    """Raised if a password cannot be read. The message does not contain it."""


@dataclass(frozen=True, slots=True)
class Given:
    """A password for one connection."""

    text: str = field(repr=False)
    was_kept: bool = False
    """Whether it was there already. Then it can be wrong by now, and the program has another one."""
    answer: _Answer | None = field(default=None, repr=False)


class KeptPasswords:
    """Passwords by their source. For any thread, and for any number of connectors."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        """`now`: the Unix time, because a lifetime goes on while the machine sleeps."""
        self._now = now
        self._lock = Lock()
        self._answers: dict[Password, _Answer] = {}
        self._seconds = KEPT_SECONDS

    async def get(self, password: Password) -> Given:
        """Return the password, from memory or from its source.

        Raises: PasswordError.
        """
        if not _is_kept(password):
            return Given(await asyncio.to_thread(_read, password))
        answer, is_new = self._find(password)
        was_kept = answer.future.done()
        if is_new:
            # Not awaited: if this connection is cancelled, the others still wait for the answer.
            asyncio.get_running_loop().run_in_executor(None, self._ask, password, answer)
        return Given(await asyncio.wrap_future(answer.future), was_kept, answer)

    def get_blocking(self, password: Password) -> Given:
        """Do the same, blocking.

        Raises: PasswordError.
        """
        if not _is_kept(password):
            return Given(_read(password))
        answer, is_new = self._find(password)
        was_kept = answer.future.done()
        if is_new:
            self._ask(password, answer)
        return Given(answer.future.result(), was_kept, answer)

    async def log_in(
        self,
        password: Password,
        attempt: Callable[[str], Awaitable[Connection]],
        is_refused: Callable[[Exception], bool],
    ) -> Connection:
        """Return what `attempt` makes of the password.

        `is_refused`: whether the server can have refused it. Then it is forgotten, and if it was a kept one,
        a new one is tried once.

        Raises: PasswordError, or what `attempt` raises.
        """
        for last in (False, True):
            given = await self.get(password)
            with self._until_refused(password, given, is_refused, last=last):
                return await attempt(given.text)
        raise AssertionError("unreachable")

    def log_in_blocking(
        self,
        password: Password,
        attempt: Callable[[str], Connection],
        is_refused: Callable[[Exception], bool],
    ) -> Connection:
        """Do as `log_in`, blocking.

        Raises: PasswordError, or what `attempt` raises.
        """
        for last in (False, True):
            given = self.get_blocking(password)
            with self._until_refused(password, given, is_refused, last=last):
                return attempt(given.text)
        raise AssertionError("unreachable")

    @contextmanager
    def _until_refused(
        self, password: Password, given: Given, is_refused: Callable[[Exception], bool], *, last: bool
    ) -> Iterator[None]:
        """Forget a password that the server refuses inside this context.

        Ends the context without the error if a new password is to be tried: the refused one was kept, and
        this was not the `last` try.
        """
        try:
            yield
        except Exception as error:
            refused = is_refused(error)
            if refused and given.answer is not None:
                self._forget(password, given.answer)  # not a newer one
            if last or not (refused and given.was_kept):
                raise

    def begin_run(self) -> None:
        """Keep passwords whose lifetime is not known until the server refuses them, also older ones.

        The run of a plan that a user has read begins. It can go on for hours, on one target after another,
        and in a process in which no program can ask a user.
        """
        with self._lock:
            self._seconds = inf
            for answer in self._answers.values():
                if answer.is_guess:
                    answer.end = inf

    def to_plain(self, password: Password | None) -> list[Any]:
        """Return the kept password of this source as JSON values, for a pipe to another process of koonj.

        Empty: there is none.
        """
        with self._lock:
            answer = None if password is None else self._answers.get(password)
        if answer is None or not answer.future.done() or answer.future.exception() is not None:
            return []
        return [answer.future.result(), answer.end, answer.is_guess]

    def add_plain(self, password: Password | None, values: Sequence[Any]) -> None:
        """Keep what `to_plain` of another process has returned for this source."""
        if password is not None and values:
            text, end, is_guess = values
            answer = self._answers[password] = _Answer()
            answer.end, answer.is_guess = float(end), bool(is_guess)
            answer.future.set_result(str(text))

    def _find(self, password: Password) -> tuple[_Answer, bool]:
        """Return the answer to use, and whether it is a new one, whose program must be run."""
        with self._lock:
            answer = self._answers.get(password)
            if answer is not None and self._now() < answer.end:
                return answer, False
            answer = self._answers[password] = _Answer()
            return answer, True

    def _ask(self, password: Password, answer: _Answer) -> None:
        began = self._now()
        try:
            text = _read(password)
        except BaseException as error:  # whatever it is, who waits must not wait for ever
            self._forget(password, answer)
            answer.future.set_exception(error)
        else:
            end = _known_end(password, text, began)
            answer.is_guess = end is None
            answer.end = self._now() + self._seconds if end is None else end
            answer.future.set_result(text)

    def _forget(self, password: Password, answer: _Answer) -> None:
        with self._lock:
            if self._answers.get(password) is answer:
                del self._answers[password]


def _read(password: Password) -> str:
    try:
        return read_password(password)
    except (OSError, ValueError) as error:
        raise PasswordError(str(error)) from error


def _is_kept(password: Password) -> bool:
    """Return whether connections can share a password. A one-time password is for one connection."""
    return password.is_asked and password.lifetime != 0


def _known_end(password: Password, text: str, began: float) -> float | None:
    """Return the time until which a password is used; None: nothing says how long it is valid.

    `began`: when its program was started.
    """
    of_settings = None if password.lifetime is None else (began, password.lifetime)
    known = [times for times in (of_settings, _token_times(text)) if times is not None]
    if not known:
        return None
    return min(start + lifetime - min(_MARGIN, _LARGEST_SHARE * lifetime) for start, lifetime in known)


_DATE = r"[?&]X-Amz-Date=([0-9]{8}T[0-9]{6}Z)(?:&|\Z)"
_SECONDS = r"[?&]X-Amz-Expires=([0-9]{1,9})(?:&|\Z)"
"""What a token of RDS, a signed URL, says about itself.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""


def _token_times(text: str) -> tuple[float, float] | None:
    """Return when a token was made, and for how many seconds; None if the text is no token of RDS."""
    date, seconds = re.search(_DATE, text), re.search(_SECONDS, text)
    if date is None or seconds is None:
        return None
    try:
        made = datetime.strptime(date[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return made.timestamp(), float(seconds[1])
