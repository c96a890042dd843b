"""The name of a run's session on the server (application_name), which everybody can see.

For example ``koonj 3f2a91c4 12/40 dev1@bastion1``. PostgreSQL cuts a name after 63 bytes, and before version
16 it replaces characters that are not ASCII.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from functools import cache

_MOST = 63
_NAME = re.compile(r"koonj ([0-9a-f]{8})(?: (\d+)/(\d+))?(?: (\S+))?")

SHORT_ID = 8
"""Characters of a run's id that are shown."""


@dataclass(frozen=True, slots=True)
class RunName:
    """What the name of a session says about its run."""

    id: str
    """The first characters of the run's id."""
    index: int | None
    """Number of the migration that is running, from 1; None: between two migrations."""
    of: int | None
    """Number of migrations in the run."""
    who: str
    """User and host of the koonj process: ``dev1@bastion1``."""


def session_name(run_id: str, index: int | None = None, of: int | None = None) -> str:
    """Return the name of the session of a run, while it runs migration `index` of `of`."""
    place = "" if index is None else f" {index}/{of}"
    return f"koonj {run_id[:SHORT_ID]}{place} {user_at_host()}"[:_MOST].rstrip()


@cache
def user_at_host() -> str:
    """Return user and host of this process, in ASCII and without spaces."""
    return re.sub(r"[^!-~]", "?", f"{os_user()}@{socket.gethostname()}")


def os_user() -> str:
    """Return the name of the user of this process."""
    import getpass  # noqa: PLC0415 - a status reads names, and has none itself

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"  # in a container, the uid can be without a name


def run_name(application_name: str) -> RunName | None:
    """Return what the name of a session says about its run; None if the session is of no run."""
    found = _NAME.fullmatch(application_name)
    if found is None:
        return None
    index, of = (None if number is None else int(number) for number in found.group(2, 3))
    return RunName(found[1], index, of, found[4] or "")
