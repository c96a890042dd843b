"""Define the error of the embedded server."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from koonj.user_folders import UserFolderError


class EmbeddedError(Exception):
    """Raised when the embedded server cannot be used.

    The text says what happened, where, and what to do.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        """Store `message` (what happened) and `hint` (what to do)."""
        super().__init__(f"{message}\n{hint}" if hint else message)
        self.message = message
        self.hint = hint


@contextmanager
def folders_explained() -> Iterator[None]:
    """Raise an EmbeddedError in place of a UserFolderError or OSError.

    The server cannot run without its folders.
    """
    try:
        yield
    except UserFolderError as error:
        raise EmbeddedError(error.message, error.hint) from error
    except OSError as error:
        raise of_system(error) from error


def of_system(error: OSError) -> EmbeddedError:
    """Return the error for a call of the operating system that failed."""
    where = f"{error.filename}: " if error.filename else ""
    message = f"koonj cannot run its PostgreSQL server: {where}{error.strerror or error}."
    return EmbeddedError(message, _HINTS.get(error.errno or 0, "Check the free disk space, and the folder."))


MORE_FILES = "The limit of open files is too low. To raise it, run: ulimit -n 1024"
SCARCE = frozenset({errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM})
"""What is not there now, whatever program is started."""

_HINTS = {
    errno.EMFILE: MORE_FILES,
    errno.ENFILE: "The machine has too many open files. Close other programs, then retry.",
    errno.EAGAIN: "The machine cannot start more processes. Close other programs, then retry.",
    errno.ENOMEM: "The machine has too little memory. Close other programs, then retry.",
    errno.EROFS: "The file system is read-only. Use a running server (--dsn), or a writable folder.",
    errno.ENOENT: "Check that the folder exists. TMPDIR names the folder for temporary files.",
    errno.EACCES: "Check the owner and the mode of the folder.",
    errno.ENOSPC: "The disk is full. Free some space, then retry.",
}
