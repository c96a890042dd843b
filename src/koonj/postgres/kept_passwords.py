"""Keep the passwords that programs bring in memory while they are valid, and run each program once.

A password is never written to a file. A program takes time, and can ask the user for a code. So connections
that begin at the same moment share one answer, also those of several threads.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf
from threading import Lock
from typing import TypeVar

from koonj.config import Password
from koonj.postgres.password import read_password

Connection = TypeVar("Connection")
KEPT_SECONDS = 60.0
"""How long a password is kept if nothing says how long it is valid.

This is for the connections of one command. If the server refuses it by then, the program runs again.
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
        *,
        again: bool = True,
    ) -> Connection:
        """Return what `attempt` makes of the password.

        `is_refused`: whether the server can have refused it. Then it is forgotten, and if it was a kept one,
        a new one is tried once.

        Raises: PasswordError, or what `attempt` raises.
        """
        given = await self.get(password)
        try:
            return await attempt(given.text)
        except Exception as error:
            if not self._may_try_again(password, given, is_refused(error), again):
                raise
        return await self.log_in(password, attempt, is_refused, again=False)

    def log_in_blocking(
        self,
        password: Password,
        attempt: Callable[[str], Connection],
        is_refused: Callable[[Exception], bool],
        *,
        again: bool = True,
    ) -> Connection:
        """Do as `log_in`, blocking.

        Raises: PasswordError, or what `attempt` raises.
        """
        given = self.get_blocking(password)
        try:
            return attempt(given.text)
        except Exception as error:
            if not self._may_try_again(password, given, is_refused(error), again):
                raise
        return self.log_in_blocking(password, attempt, is_refused, again=False)

    def _may_try_again(self, password: Password, given: Given, refused: bool, again: bool) -> bool:  # noqa: FBT001
        if refused and given.answer is not None:
            self._forget(password, given.answer)  # not a newer one
        return refused and again and given.was_kept

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
            answer.end = _end(password, text, began, self._now())
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


def _end(password: Password, text: str, began: float, now: float) -> float:
    """Return the time until which a password is used that a program printed between `began` and `now`."""
    of_settings = None if password.lifetime is None else (began, password.lifetime)
    known = [times for times in (of_settings, _token_times(text)) if times is not None]
    if not known:
        return now + KEPT_SECONDS
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
