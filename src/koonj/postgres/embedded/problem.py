"""The one error of the embedded server."""

from collections.abc import Iterator
from contextlib import contextmanager

from koonj.user_folders import UserFolderError


class EmbeddedError(Exception):
    """The embedded server cannot be had. The text says what, where, and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        """`message` is what happened; `hint` is what to do about it."""
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
