"""What the self-contained file unpacks, where, and when it cannot."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import pytest

from release.conftest import PYTHON, Account, Release

pytestmark = pytest.mark.slow

USED = ", binary)"


def unpacked(folder: Path) -> Path:
    """Return the only folder of libraries below `folder`."""
    (found,) = (folder / "libraries").iterdir()
    return found


def test_libraries_are_unpacked_once_for_this_user_only(release: Release, account: Account) -> None:
    assert USED in account.run(PYTHON, release.self_contained, "--version").stdout
    folder = unpacked(account.home / ".cache" / "koonj")
    files = [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
    assert any(path.name.startswith("libpq") for path in files)
    assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent, *files)} == {0o700}
    before = {path: path.stat().st_ino for path in files}
    assert USED in account.run(PYTHON, release.self_contained, "--version").stdout
    assert {path: path.stat().st_ino for path in files} == before


def test_old_libraries_of_other_builds_are_deleted(release: Release, account: Account) -> None:
    parent = account.home / ".cache" / "koonj" / "libraries"
    for name, days in (("old", 91), ("recent", 89)):
        folder = parent / name
        folder.mkdir(mode=0o700, parents=True)
        (folder / "libpq.so").touch()
        os.utime(folder, (time.time() - days * 24 * 3600,) * 2)
    parent.parent.chmod(0o700)
    parent.chmod(0o700)
    assert USED in account.run(PYTHON, release.self_contained, "--version").stdout
    assert {"recent"} < {path.name for path in parent.iterdir()}
    assert not (parent / "old").exists()


@pytest.mark.parametrize("fault", ["missing", "cut", "open to others"])
def test_libraries_that_are_not_whole_are_unpacked_again(
    release: Release, account: Account, fault: str
) -> None:
    account.run(PYTHON, release.self_contained, "--version")
    folder = unpacked(account.home / ".cache" / "koonj")
    (library,) = folder.glob("psycopg_binary.libs/libpq*")
    size = library.stat().st_size
    if fault == "missing":
        library.unlink()
    elif fault == "cut":
        library.write_bytes(library.read_bytes()[:1000])
    else:
        library.chmod(0o777)
    assert USED in account.run(PYTHON, release.self_contained, "--version").stdout
    assert unpacked(account.home / ".cache" / "koonj") == folder
    assert (library.stat().st_size, library.stat().st_mode & 0o777) == (size, 0o700)


def test_libraries_go_to_tmpdir_if_the_home_is_read_only(
    release: Release, read_only: Account, tmp_path: Path
) -> None:
    tmpdir = tmp_path / "tmp"
    tmpdir.mkdir()
    environ = {"TMPDIR": str(tmpdir)}
    assert USED in read_only.run(PYTHON, release.self_contained, "--version", environ=environ).stdout
    (folder,) = tmpdir.iterdir()
    assert folder.name.startswith("koonj-")
    assert unpacked(folder).stat().st_mode & 0o777 == 0o700


def test_a_damaged_file_is_refused(release: Release, account: Account, tmp_path: Path) -> None:
    damaged = tmp_path / release.self_contained.name
    content = bytearray(release.self_contained.read_bytes())
    with zipfile.ZipFile(release.self_contained) as archive:
        (entry,) = (
            one for one in archive.infolist() if "libraries/psycopg_binary.libs/libpq-" in one.filename
        )
    content[entry.header_offset + entry.compress_size // 2] ^= 0xFF
    damaged.write_bytes(content)
    done = account.run(PYTHON, damaged, "--version")
    assert done.returncode == 1
    assert f"koonj: error: {damaged} is damaged: " in done.stderr
    assert "Copy it again" in done.stderr
    assert not list((account.home / ".cache" / "koonj" / "libraries").iterdir())


def test_libraries_of_another_build_are_refused(release: Release, account: Account) -> None:
    code = (
        "import sys, koonj_libraries as one\n"
        "one.LIBRARIES = tuple((path, size, '0' * 64) for path, size, _ in one.LIBRARIES)\n"
        "one.unpacked(sys.argv[1])\n"
    )
    environ = {"PYTHONPATH": str(release.self_contained)}
    done = account.run(PYTHON, "-c", code, release.self_contained, environ=environ)
    assert done.returncode == 1
    assert "is damaged: psycopg_binary" in done.stderr
    assert not list((account.home / ".cache" / "koonj" / "libraries").iterdir())


def test_no_folder_for_the_libraries_is_an_error(
    release: Release, read_only: Account, tmp_path: Path
) -> None:
    """Of the folders that are tried, each is there and belongs to somebody else, or cannot be created."""
    code = (
        "import sys, koonj_libraries as one\n"
        "from pathlib import Path\n"
        "one._parents = lambda: iter((Path('/sys/koonj'), Path(sys.argv[2])))\n"
        "print(one.unpacked(sys.argv[1]))\n"
    )
    others = tmp_path / "others"
    others.mkdir()
    others.chmod(0o777)
    environ = {"PYTHONPATH": str(release.self_contained)}
    done = read_only.run(PYTHON, "-c", code, release.self_contained, others, environ=environ)
    assert done.returncode == 1
    assert f"koonj: error: {release.self_contained.name} has no folder for the libraries" in done.stderr
    assert f"{others} must be a folder to which only the user of koonj can write." in done.stderr
    assert "Set TMPDIR to a folder" in done.stderr
