"""Define the error of the embedded server."""

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
    """Raise an EmbeddedError in place of a UserFolderError: the server cannot run without its folders."""
    try:
        yield
    except UserFolderError as error:
        raise EmbeddedError(error.message, error.hint) from error
