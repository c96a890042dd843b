"""Keep the texts that koonj replaces or deletes in migration files.

They are in ``koonj/replaced`` in the user's state folder. Only the user can read them, and koonj never
deletes them.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from koonj.sql.file_hash import file_hash
from koonj.user_folders import STATE, koonj_folder, make_trusted

_FOLDER = "replaced"
_DIGITS = 12


def keep_text(name: str, raw: bytes, environ: Mapping[str, str] = os.environ) -> Path:
    """Store the text of the file `name`, flush it to disk, and return its path.

    The same text of the same file has the same path.

    Raises: UserFolderError; OSError.
    """
    folder = make_trusted(koonj_folder(STATE, None, environ) / _FOLDER, 0o700)
    path = folder / f"{name.removesuffix('.sql')}-{file_hash(raw)[:_DIGITS]}.sql"
    beside = folder / f".{secrets.token_hex(6)}"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return path
