"""Saving: over nothing but what was read, whole or not at all, and the same file afterwards."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.migrations.reading import FileRefused
from koonj.migrations.save import FileChanged, FileGone, read, save

NAME = "001_make.sql"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(b"old")
    return path


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_what_was_saved_is_read_and_nothing_else_is_left(tmp_path: Path, old: bytes, new: bytes) -> None:
    path = tmp_path / NAME
    path.write_bytes(old)
    before = read(tmp_path, NAME)
    save(tmp_path, NAME, new, before.raw)
    assert path.read_bytes() == new
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    assert (read(tmp_path, NAME, before) is before) == (old == new)


def test_a_file_that_another_program_wrote_is_left_alone(file: Path) -> None:
    file.write_bytes(b"theirs")
    with pytest.raises(FileChanged, match="another program"):
        save(file.parent, NAME, b"mine", b"old")
    assert file.read_bytes() == b"theirs"
    save(file.parent, NAME, b"mine", None)
    assert file.read_bytes() == b"mine"


def test_a_file_that_is_gone_comes_back_only_if_that_is_wanted(file: Path) -> None:
    file.unlink()
    with pytest.raises(FileGone, match="deleted or renamed"):
        save(file.parent, NAME, b"mine", b"old")
    save(file.parent, NAME, b"mine", None)
    assert file.read_bytes() == b"mine"


def test_mode_and_owner_stay(file: Path) -> None:
    file.chmod(0o640)
    if os.getuid() == 0:
        os.chown(file, 12345, 12346)
    before = file.stat()
    save(file.parent, NAME, b"new", b"old")
    after = file.stat()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


def test_a_hard_link_still_leads_to_the_same_file(file: Path) -> None:
    twin = file.with_name("twin")
    twin.hardlink_to(file)
    save(file.parent, NAME, b"a longer text", b"old")
    assert twin.read_bytes() == b"a longer text"
    save(file.parent, NAME, b"s", b"a longer text")
    assert twin.read_bytes() == b"s"
    assert twin.samefile(file)


def test_a_link_within_the_folder_stays_one(tmp_path: Path) -> None:
    end = tmp_path / "kept" / "text.sql"
    end.parent.mkdir()
    end.write_bytes(b"old")
    (tmp_path / NAME).symlink_to(end)
    save(tmp_path, NAME, b"new", b"old")
    assert (tmp_path / NAME).is_symlink()
    assert end.read_bytes() == b"new"


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.sql"
    outside.write_bytes(b"old")
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / NAME).symlink_to(outside)
    with pytest.raises(FileRefused):
        save(folder, NAME, b"new", b"old")
    assert outside.read_bytes() == b"old"


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_file_is_named(file: Path) -> None:
    file.chmod(0o440)
    with pytest.raises(PermissionError, match="read-only"):
        save(file.parent, NAME, b"new", b"old")
    assert file.read_bytes() == b"old"


def test_a_folder_that_takes_no_new_file_gets_the_text_into_the_old_one(
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
def test_a_full_disk_loses_nothing(file: Path, monkeypatch: pytest.MonkeyPatch, *, linked: bool) -> None:
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
