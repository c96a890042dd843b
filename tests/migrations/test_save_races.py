"""Another program writes the file while koonj saves it."""

import os
import stat
from pathlib import Path

import pytest

from koonj.migrations.save import FileChanged, read, save

NAME = "001_a.sql"


@pytest.fixture
def written_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Text that another program writes after koonj has compared the file, while it writes its own copy."""
    (tmp_path / NAME).write_bytes(b"SELECT 1;\n")
    flush = os.fsync

    def fsync(descriptor: int) -> None:
        flush(descriptor)
        (tmp_path / NAME).write_bytes(b"SELECT 3;\n")

    monkeypatch.setattr(os, "fsync", fsync)
    return b"SELECT 3;\n"


def test_a_file_that_is_written_during_the_save_is_not_replaced(
    tmp_path: Path, written_in_between: bytes
) -> None:
    with pytest.raises(FileChanged, match="was changed by another program just now"):
        save(tmp_path, NAME, b"SELECT 2;\n", b"SELECT 1;\n")
    assert read(tmp_path, NAME).raw == written_in_between
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_the_whole_text_is_flushed_before_it_gets_the_name_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a crash could leave an empty file."""
    flushed: list[tuple[int, bytes]] = []
    flush = os.fsync

    def fsync(descriptor: int) -> None:
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            flushed.append((status.st_size, (tmp_path / NAME).read_bytes()))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    (tmp_path / NAME).write_bytes(b"SELECT 1;\n")
    save(tmp_path, NAME, b"SELECT 2 + 2;\n", b"SELECT 1;\n")
    assert flushed == [(len(b"SELECT 2 + 2;\n"), b"SELECT 1;\n")]
    assert (tmp_path / NAME).read_bytes() == b"SELECT 2 + 2;\n"
