"""Find out whether a target is still the database that it was at the first connection.

The embedded server is not pinned: koonj makes it anew when it was deleted. Nor is a dsn of the command line
or of the environment: the user has just named it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from shlex import quote

from koonj.config import EMBEDDED, Target
from koonj.pinned_targets import DatabaseIdentity, Pin, other_pin, pin
from koonj.postgres.connector import ConnectError
from koonj.postgres.server_info import ServerInfo
from koonj.user_folders import UserFolderError


class IdentityError(ConnectError):
    """Raised before a change of a target that is another database than before."""


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """Whether a target is the database that it was; both texts are empty if it is."""

    problem: str = ""
    """Sentence: it is another one, it was created again, or koonj cannot tell."""
    hint: str = ""
    """What to do."""
    is_other: bool = False
    """It is another database for certain."""

    @property
    def words(self) -> str:
        """All of it, as sentences."""
        return f"{self.problem} {self.hint}".strip()


def is_pinned(target: Target) -> bool:
    """Return whether koonj remembers which database the target is."""
    return bool(target.project) and target.dsn != EMBEDDED


async def check_identity(target: Target, server: ServerInfo) -> IdentityCheck:
    """Compare the database with the pinned one. Pin it if none is pinned.

    The database of a target that is not protected can be dropped and created again: one with its name, on the
    same server and without a history, is pinned in its place, and the words say so.
    """
    found = server.identity
    if found is None or not is_pinned(target):
        return IdentityCheck()
    try:
        known = await asyncio.to_thread(other_pin, target.project, target.name, found, server.host)
    except UserFolderError as error:
        problem = f"koonj cannot tell whether {target.name} is the same database as before. {error.message}"
        return IdentityCheck(problem, error.hint)
    if known is None:
        return IdentityCheck()
    if not target.protected and known.identity.is_made_anew(found):
        return await _pinned_anew(target, found, server.host)
    return IdentityCheck(_difference(target, known, found, server.host), _advice(target), is_other=True)


async def _pinned_anew(target: Target, found: DatabaseIdentity, host: str) -> IdentityCheck:
    try:
        await asyncio.to_thread(pin, target.project, target.name, found, host)
    except UserFolderError as error:
        return IdentityCheck(error.message, error.hint)
    return IdentityCheck(
        f"Database {found.name} of {target.name} was dropped and created again, and has no history. koonj "
        "remembers the new one."
    )


async def must_be_same_database(target: Target, server: ServerInfo) -> None:
    """Refuse to change a target that is another database than before.

    Raises: IdentityError.
    """
    found = await check_identity(target, server)
    if found.is_other:
        problem = found.problem.replace(target.name, "the target", 1)  # what shows the error names it
        raise IdentityError(f"{problem} Nothing was changed.", found.hint)


def identity_words(found: DatabaseIdentity, host: str) -> str:
    """Return which database it is, and where it was reached."""
    return f"{found} at {host}"


def _difference(target: Target, known: Pin, found: DatabaseIdentity, host: str) -> str:
    before, now = identity_words(known.identity, known.host), identity_words(found, host)
    day = known.at[:10]
    return f"{target.name} is another database than before. On {day} it was {before}. Now it is {now}."


def _advice(target: Target) -> str:
    return (
        "A restored dump, pg_upgrade and DROP DATABASE make another one. If that is so, run: "
        f"koonj trust --target {quote(target.name)}. Otherwise check the dsn, and what it leads to."
    )
