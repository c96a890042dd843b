"""Report that libpq, PostgreSQL's client library, is missing on this machine.

psycopg[binary] brings its own, so this happens only to a koonj that was installed in another way, such as
koonj.pyz.
"""

from __future__ import annotations

import ctypes
import platform

from koonj import release_contents
from koonj.cli.diagnostics import CommandError

_OF_PSYCOPG = "no pq wrapper available"
_LIBRARY = "libpq.so.5"
_SYSTEMS = {"Linux": "linux", "Darwin": "macos"}
TO_INSTALL = (
    "Install it (Debian, Ubuntu: apt install libpq5; Red Hat: dnf install libpq; macOS: brew install libpq)"
)


def check_libpq() -> None:
    """Check that there is a libpq, before the screen opens.

    Raises: ImportError.
    """
    try:
        ctypes.CDLL(_LIBRARY)
    except OSError:
        import psycopg  # noqa: F401, PLC0415 - it knows more places, but its import takes longer


def missing_libpq(error: ImportError) -> CommandError:
    """Return the error for the user. Raises `error` if it is about something else."""
    if not str(error).startswith(_OF_PSYCOPG):
        raise error
    return CommandError(
        "libpq, PostgreSQL's client library, cannot be loaded on this machine.", to_get_libpq()
    )


def to_get_libpq() -> str:
    """Return what the user can do if libpq is missing."""
    if release_contents.FILE_NAME and not release_contents.LIBRARIES:
        return f"{TO_INSTALL},\nor use the file of the release that contains it: {self_contained_name()}"
    return f"{TO_INSTALL}."


def self_contained_name() -> str:
    """Return the name of the release file for this machine that contains libpq."""
    return f"koonj-{_SYSTEMS.get(platform.system(), 'SYSTEM')}-{platform.machine()}.pyz"
