"""A file is deleted only while it has the text that was read, and its text is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.migrations.deletion import delete_file
from koonj.migrations.save import FileChanged


def test_a_file_that_was_changed_meanwhile_is_not_deleted(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    file = tmp_path / "001_a.sql"
    file.write_bytes(b"SELECT 'theirs';\n")
    with pytest.raises(FileChanged):
        delete_file(tmp_path, "001_a.sql", b"SELECT 1;\n", environ)
    assert file.read_bytes() == b"SELECT 'theirs';\n"
    kept = delete_file(tmp_path, "001_a.sql", b"SELECT 'theirs';\n", environ)
    assert not file.exists()
    assert kept.read_bytes() == b"SELECT 'theirs';\n"
