"""Test the cache folder: its files are private, bounded in size, and never needed."""

import os
import time
from pathlib import Path

import pytest

from koonj import cache_folder
from koonj.cache_folder import CacheFolder


def test_least_recently_used_files_are_deleted_above_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(cache_folder, "_MAX_BYTES", 250)
    cache = CacheFolder.of_user("files")
    folder = tmp_path / "koonj" / "files"
    for hours, name in enumerate(("new", "older", "oldest")):
        cache.write(name, b"x" * 100)
        at = time.time() - hours * 3600
        os.utime(folder / name, (at, at))
    assert cache.read("oldest") == b"x" * 100
    (folder / "pruned").unlink()
    CacheFolder.of_user("files")
    assert {path.name for path in folder.iterdir()} == {"new", "oldest", "pruned"}


def test_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path)
    cache.write("a", b"old")
    with (tmp_path / "a").open("rb") as reader:
        cache.write("a", b"new")
        assert reader.read() == b"old"
    assert cache.read("a") == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


def test_folder_that_is_gone_stores_nothing(tmp_path: Path) -> None:
    for cache in (CacheFolder(tmp_path / "gone"), CacheFolder(None)):
        cache.write("a", b"new")
        assert cache.read("a") is None
