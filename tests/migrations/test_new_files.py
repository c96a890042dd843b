"""Several new files in the migrations folder: a crash leaves all or none."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from koonj.migrations.folder import FolderReader
from koonj.migrations.new import Draft, create

DRAFTS = [Draft("a", "SELECT 1;"), Draft("b", "SELECT 2;"), Draft("c", "SELECT 3;")]
FILES = {
    "002_a.sql": "-- 002_a.sql\nSELECT 1;\n",
    "003_b.sql": "-- 003_b.sql\nSELECT 2;\n",
    "004_c.sql": "-- 004_c.sql\nSELECT 3;\n",
}

KILLED_AT_EACH_STEP = """
import os, signal, sys
from pathlib import Path
from koonj.migrations.new import Draft, create

drafts = [Draft("a", "SELECT 1;"), Draft("b", "SELECT 2;"), Draft("c", "SELECT 3;")]

def killed_after(steps):
    left = [steps]
    def watched(real):
        def call(*arguments, **options):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)
        return call
    for name in ("mkdir", "rename", "link", "fsync", "unlink", "rmdir", "open"):
        setattr(os, name, watched(getattr(os, name)))

for step in range(200):
    folder = Path(sys.argv[1], f"{step:03}")
    folder.mkdir()
    (folder / "001_first.sql").write_text("SELECT 1;")
    child = os.fork()
    if child == 0:
        killed_after(step)
        create(folder, drafts)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
print(step)
"""


def texts(folder: Path) -> dict[str, str]:
    return {m.name: m.text for m in FolderReader(folder).read().migrations if m.number > 1}


def test_all_files_or_none_when_koonj_is_killed_at_any_step(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EACH_STEP, str(tmp_path)], check=True, capture_output=True, text=True
    )
    steps = int(done.stdout)
    assert steps > 20
    found = []
    for step in range(steps + 1):
        folder = tmp_path / f"{step:03}"
        found.append(texts(folder))
        assert listed(folder) == ["001_first.sql", *found[-1]]  # nothing else is left
    kinds = [len(files) for files in found]
    assert kinds == sorted(kinds)
    assert set(kinds) == {0, 3}
    assert kinds.count(3) > 3
    assert found[-1] == FILES


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def crashed(folder: Path, suffix: str) -> Path:
    """Make what a crash leaves before the first file has its name."""
    left = folder / f".0123456789ab{suffix}"
    left.mkdir(parents=True)
    for name, text in FILES.items():
        (left / name).write_text(text)
    return left


def test_file_edited_after_a_crash_is_kept(tmp_path: Path) -> None:
    crashed(tmp_path, ".koonj-new")
    (tmp_path / "002_a.sql").write_text("SELECT 'edited';\n")
    assert texts(tmp_path) == FILES | {"002_a.sql": "SELECT 'edited';\n"}


def test_next_files_come_after_those_of_a_crash(tmp_path: Path) -> None:
    crashed(tmp_path, ".koonj-new")
    assert [path.name for path in create(tmp_path, [Draft("d", "SELECT 4;")])] == ["005_d.sql"]


def test_files_that_are_written_now_are_left_alone(tmp_path: Path) -> None:
    left = crashed(tmp_path, ".koonj-new")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        assert texts(tmp_path) == {}
    finally:
        os.close(descriptor)
    assert left.is_dir()
    assert texts(tmp_path) == FILES


def test_file_system_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    (tmp_path / "001_first.sql").write_text("SELECT 1;")
    monkeypatch.setattr(os, "link", refused)
    create(tmp_path, DRAFTS)
    assert texts(tmp_path) == FILES
    assert listed(tmp_path) == ["001_first.sql", *FILES]


def test_link_with_the_name_of_such_a_folder_is_not_followed(tmp_path: Path) -> None:
    elsewhere = crashed(tmp_path / "elsewhere", ".koonj-new")
    migrations = tmp_path / "migrations"
    migrations.mkdir()
    (migrations / ".0123456789ab.koonj-new").symlink_to(elsewhere)
    assert texts(migrations) == {}
    assert listed(elsewhere) == sorted(FILES)
