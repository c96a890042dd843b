"""Saving a migration: only over the text that was read, completely or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.migrations.file_reader import FileRefused
from koonj.migrations.save import FileChanged, FileGone, read, save

NAME = "001_make.sql"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(b"old")
    return path


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_saved_text_is_read_back_and_no_temporary_file_is_left(
    tmp_path: Path, old: bytes, new: bytes
) -> None:
    path = tmp_path / NAME
    path.write_bytes(old)
    before = read(tmp_path, NAME)
    save(tmp_path, NAME, new, before.raw)
    assert path.read_bytes() == new
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert (read(tmp_path, NAME, before) is before) == (old == new)


def test_save_fails_when_another_program_changed_the_file(file: Path) -> None:
    file.write_bytes(b"theirs")
    with pytest.raises(FileChanged, match="another program"):
        save(file.parent, NAME, b"mine", b"old")
    assert file.read_bytes() == b"theirs"
    save(file.parent, NAME, b"mine", None)
    assert file.read_bytes() == b"mine"


def test_deleted_file_is_created_again_only_when_asked(file: Path) -> None:
    file.unlink()
    with pytest.raises(FileGone, match="deleted or renamed"):
        save(file.parent, NAME, b"mine", b"old")
    save(file.parent, NAME, b"mine", None)
    assert file.read_bytes() == b"mine"


def test_mode_and_owner_are_kept(file: Path) -> None:
    file.chmod(0o640)
    if os.getuid() == 0:
        os.chown(file, 12345, 12346)
    before = file.stat()
    save(file.parent, NAME, b"new", b"old")
    after = file.stat()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


def test_hard_link_keeps_its_file(file: Path) -> None:
    twin = file.with_name("twin")
    twin.hardlink_to(file)
    save(file.parent, NAME, b"a longer text", b"old")
    assert twin.read_bytes() == b"a longer text"
    save(file.parent, NAME, b"s", b"a longer text")
    assert twin.read_bytes() == b"s"
    assert twin.samefile(file)


def test_link_is_kept_when_it_stays_in_the_folder(tmp_path: Path) -> None:
    end = tmp_path / "kept" / "text.sql"
    end.parent.mkdir()
    end.write_bytes(b"old")
    (tmp_path / NAME).symlink_to(end)
    save(tmp_path, NAME, b"new", b"old")
    assert (tmp_path / NAME).is_symlink()
    assert end.read_bytes() == b"new"


def test_save_is_refused_when_link_leaves_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside.sql"
    outside.write_bytes(b"old")
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / NAME).symlink_to(outside)
    with pytest.raises(FileRefused):
        save(folder, NAME, b"new", b"old")
    assert outside.read_bytes() == b"old"


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_save_fails_when_file_is_read_only(file: Path) -> None:
    file.chmod(0o440)
    with pytest.raises(PermissionError, match="read-only"):
        save(file.parent, NAME, b"new", b"old")
    assert file.read_bytes() == b"old"


def test_text_is_written_into_the_file_when_folder_accepts_no_new_file(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open

    def refuse(path: object, flags: int, *rest: int, **more: int) -> int:
        if flags & os.O_EXCL:
            raise PermissionError(13, "Permission denied", path)
        return opened(path, flags, *rest, **more)  # type: ignore[arg-type] # as it was called

    monkeypatch.setattr(os, "open", refuse)
    inode = file.stat().st_ino
    save(file.parent, NAME, b"new text", b"old")
    assert file.read_bytes() == b"new text"
    assert file.stat().st_ino == inode


@pytest.mark.parametrize("linked", [False, True])
def test_old_text_is_kept_when_disk_is_full(
    file: Path, monkeypatch: pytest.MonkeyPatch, *, linked: bool
) -> None:
    if linked:
        file.with_name("twin").hardlink_to(file)
    synced = os.fsync

    def full(descriptor: int) -> None:
        monkeypatch.setattr(os, "fsync", synced)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        save(file.parent, NAME, b"new text", b"old")
    assert file.read_bytes() == b"old"
    assert sorted(path.name for path in file.parent.iterdir()) == ([NAME, "twin"] if linked else [NAME])
