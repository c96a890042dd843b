"""Keep the unsaved text of an editor, so that it survives a lost line and the death of koonj.

The drafts are in ``koonj/drafts`` in the user's state folder. Only the user can read them. An editor holds a
lock on its draft, which ends with the process: a draft without a lock was left by one that was killed.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from koonj.migrations.file_beside import file_beside
from koonj.user_folders import STATE, folder_path, koonj_folder, make_trusted

_FOLDER = "drafts"
_END = ".json"


@dataclass(frozen=True, slots=True)
class UnsavedText:
    """The text that an editor had when it was lost."""

    draft: Path
    """Where it is kept."""
    name: str
    """File name of the migration."""
    base: bytes
    """Bytes of the file when the editor read it."""
    text: bytes
    """Bytes that would have been saved."""
    at: datetime
    """When it was kept."""


class DraftKeeper:
    """Keeps the draft of one open editor."""

    def __init__(self, folder: Path, name: str, environ: Mapping[str, str] = os.environ) -> None:
        """`folder`: of the migrations; `name`: of the file."""
        self._name = name
        self._environ = environ
        self._file_name = f"{_part_of(folder)}-{secrets.token_hex(6)}{_END}"
        self._held: int | None = None
        """Descriptor of the draft, with the lock."""
        self._is_closed = False
        self._lock = threading.Lock()

    def keep(self, base: bytes, text: bytes) -> None:
        """Write the draft; nothing after `close`.

        Raises: UserFolderError; OSError.
        """
        with self._lock:
            if not self._is_closed:
                self._write(base, text)

    def drop(self) -> None:
        """Delete the draft, because the text is saved or is that of the file again."""
        with self._lock:
            self._drop()

    def close(self) -> None:
        """Delete the draft, because the user has decided about the text. None is written after that."""
        with self._lock:
            self._is_closed = True
            self._drop()

    def leave(self) -> None:
        """Let go of the draft, which stays: the next editor may offer it."""
        with self._lock:
            self._is_closed = True
            self._release()

    def _write(self, base: bytes, text: bytes) -> None:
        folder = make_trusted(koonj_folder(STATE, None, self._environ) / _FOLDER, 0o700)
        value = {
            "name": self._name,
            "base": b64encode(base).decode(),
            "text": b64encode(text).decode(),
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        path = folder / self._file_name
        held: list[int] = []

        def hold(descriptor: int) -> None:
            held.append(os.dup(descriptor))
            with suppress(OSError):  # a file system without locks: the draft is offered while it is in use
                fcntl.flock(held[0], fcntl.LOCK_EX | fcntl.LOCK_NB)

        try:
            with file_beside(path, json.dumps(value).encode(), 0o600, hold) as beside:
                beside.replace(path)
        except BaseException:
            for descriptor in held:
                os.close(descriptor)
            raise
        self._release()
        self._held = held[0]

    def _drop(self) -> None:
        if self._held is not None:
            path = folder_path(STATE, self._environ) / _FOLDER / self._file_name
            with suppress(OSError):  # it is offered again, with the text of the file or an older one
                path.unlink(missing_ok=True)
        self._release()

    def _release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None


def left_texts(folder: Path, environ: Mapping[str, str] = os.environ) -> tuple[UnsavedText, ...]:
    """Return the texts of the folder's files that no running editor has, the oldest first.

    A draft of what the file contains now is deleted: nothing of it is lost.
    """
    drafts = folder_path(STATE, environ) / _FOLDER
    found = []
    for path in sorted(drafts.glob(f"{_part_of(folder)}-*{_END}")):
        with _unused(path) as raw:
            left = _parsed(path, raw) if raw is not None else None
            if left is None:
                continue
            if _content(folder / left.name) == left.text:
                path.unlink(missing_ok=True)
            else:
                found.append(left)
    return tuple(sorted(found, key=lambda left: left.at))


def discard(left: UnsavedText) -> None:
    """Delete a draft.

    Raises: OSError.
    """
    left.draft.unlink(missing_ok=True)


@contextmanager
def _unused(path: Path) -> Iterator[bytes | None]:
    """Give the bytes of a draft, with its lock; None if an editor uses it or it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    with os.fdopen(descriptor, "rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        except OSError:  # a file system without locks
            yield file.read()
        else:
            yield file.read()


def _parsed(path: Path, raw: bytes) -> UnsavedText | None:
    """Return the value of a draft; None if it is not one of this version."""
    try:
        value = json.loads(raw)
        at, name = datetime.fromisoformat(value["at"]), Path(value["name"]).name
        return UnsavedText(path, name, b64decode(value["base"]), b64decode(value["text"]), at)
    except (ValueError, KeyError, TypeError):
        return None


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _part_of(folder: Path) -> str:
    """Return the part of a draft's name by which those of the folder are found."""
    return sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:16]
