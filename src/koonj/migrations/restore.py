"""Write a recorded text back into a migration file, and lose nothing."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from koonj.migrations.file_rename import move_file
from koonj.migrations.replaced_text import keep_text
from koonj.migrations.save import save


def restore_file(
    folder: Path, name: str, raw: bytes, before: bytes | None, environ: Mapping[str, str] = os.environ
) -> Path | None:
    """Write `raw` into the file, if it still holds `before`. Return where the replaced text is kept.

    If `before` is None, the file is missing: it is created, and nothing is kept.

    Raises: NotSaved; FileExistsError if a missing file is there; FileRefused; UserFolderError; OSError.
    """
    if before is None:
        _create(folder / name, raw)
        return None
    kept = keep_text(name, before, environ)
    save(folder, name, raw, before)
    return kept


def _create(path: Path, raw: bytes) -> None:
    """Create the file with all of its text, or not at all."""
    beside = path.parent / f".{secrets.token_hex(6)}.koonj"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        move_file(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
