"""Write a recorded text back into a migration file, and lose nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from koonj.migrations.file_beside import file_beside
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
        path = folder / name
        with file_beside(path, raw) as beside:
            move_file(beside, path)
        return None
    kept = keep_text(name, before, environ)
    save(folder, name, raw, before)
    return kept
