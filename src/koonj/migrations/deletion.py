"""Delete a migration file, and keep its text."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from koonj.migrations.replaced_text import keep_text
from koonj.migrations.save import FileChanged, read


def delete_file(folder: Path, name: str, before: bytes, environ: Mapping[str, str] = os.environ) -> Path:
    """Delete the file if it still holds `before`. Return where its text is kept.

    Raises: NotSaved; FileRefused; UserFolderError; OSError.
    """
    kept = keep_text(name, before, environ)
    if read(folder, name).raw != before:
        raise FileChanged(f"{name} was changed by another program since koonj read it.")
    (folder / name).unlink()
    return kept
