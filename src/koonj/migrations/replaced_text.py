"""Keep the texts that koonj replaces or deletes in migration files.

They are in ``koonj/replaced`` in the user's state folder. Only the user can read them, and koonj never
deletes them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from koonj.migrations.file_beside import file_beside
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
    with file_beside(path, raw, 0o600) as beside:
        beside.replace(path)
    return path
