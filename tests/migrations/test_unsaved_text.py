"""Drafts of unsaved text: who can read them, which are offered, and when they are deleted."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from koonj.migrations.unsaved_text import DraftKeeper, discard, left_texts
from koonj.user_folders import UserFolderError

BASE, TEXT = b"SELECT 1;\n", "SELECT 'ä';\r\n".encode()


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "migrations"
    made.mkdir()
    (made / "001_a.sql").write_bytes(BASE)
    return made


def drafts(environ: dict[str, str]) -> Path:
    return Path(environ["XDG_STATE_HOME"], "koonj", "drafts")


def test_only_the_user_can_read_a_draft(folder: Path, environ: dict[str, str]) -> None:
    old = os.umask(0)
    try:
        keeper = DraftKeeper(folder, "001_a.sql", environ)
        keeper.keep(BASE, TEXT)
    finally:
        os.umask(old)
    (path,) = drafts(environ).iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(drafts(environ).stat().st_mode) == 0o700
    keeper.close()
    assert list(drafts(environ).iterdir()) == []


def test_a_draft_is_offered_when_its_editor_is_gone(folder: Path, environ: dict[str, str]) -> None:
    keeper = DraftKeeper(folder, "001_a.sql", environ)
    for text in (b"SELECT 2;\n", TEXT):
        keeper.keep(BASE, text)
        assert left_texts(folder, environ) == (), "an editor that is open has it"
    keeper.leave()
    keeper.keep(BASE, b"too late")
    (left,) = left_texts(folder, environ)
    assert (left.name, left.base, left.text) == ("001_a.sql", BASE, TEXT)
    assert left_texts(folder.parent, environ) == ()
    discard(left)
    assert left_texts(folder, environ) == ()


def test_a_draft_is_found_by_any_path_of_its_folder(folder: Path, environ: dict[str, str]) -> None:
    link = folder.with_name("link")
    link.symlink_to(folder)
    keeper = DraftKeeper(link, "001_a.sql", environ)
    keeper.keep(BASE, TEXT)
    keeper.leave()
    (left,) = left_texts(folder, environ)
    assert left_texts(link, environ) == (left,)


def test_two_editors_of_a_file_have_a_draft_each(folder: Path, environ: dict[str, str]) -> None:
    first, second = (DraftKeeper(folder, "001_a.sql", environ) for _ in range(2))
    first.keep(BASE, b"SELECT 1, 1;\n")
    second.keep(BASE, b"SELECT 2, 2;\n")
    first.leave()
    assert [left.text for left in left_texts(folder, environ)] == [b"SELECT 1, 1;\n"]
    second.close()
    assert [left.text for left in left_texts(folder, environ)] == [b"SELECT 1, 1;\n"]


def test_a_draft_of_what_the_file_contains_is_deleted(folder: Path, environ: dict[str, str]) -> None:
    keeper = DraftKeeper(folder, "001_a.sql", environ)
    keeper.keep(BASE, TEXT)
    keeper.leave()
    (folder / "001_a.sql").write_bytes(TEXT)
    assert left_texts(folder, environ) == ()
    assert list(drafts(environ).iterdir()) == []


def test_a_link_in_the_folder_of_drafts_is_not_followed(
    folder: Path, environ: dict[str, str], tmp_path: Path
) -> None:
    keeper = DraftKeeper(folder, "001_a.sql", environ)
    keeper.keep(BASE, TEXT)
    (path,) = drafts(environ).iterdir()
    keeper.leave()
    elsewhere = tmp_path / "elsewhere.json"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert left_texts(folder, environ) == ()


def test_the_oldest_draft_is_offered_first(folder: Path, environ: dict[str, str]) -> None:
    texts = [b"SELECT 1, 1;\n", b"SELECT 2, 2;\n", b"SELECT 3, 3;\n"]
    for text in texts:
        keeper = DraftKeeper(folder, "001_a.sql", environ)
        keeper.keep(BASE, text)
        keeper.leave()
    by_name = sorted(drafts(environ).iterdir())
    for day, path in zip(("03", "02", "01"), by_name, strict=True):
        value = json.loads(path.read_text())
        path.write_text(json.dumps({**value, "at": f"2026-08-{day}T12:00:00+00:00"}))
    assert [left.at.day for left in left_texts(folder, environ)] == [1, 2, 3]


def test_a_draft_that_cannot_be_written_leaves_nothing(folder: Path, environ: dict[str, str]) -> None:
    keeper = DraftKeeper(folder, "001_a.sql", environ)
    in_the_way = drafts(environ) / keeper._file_name
    in_the_way.mkdir(parents=True, mode=0o700)
    in_the_way.parent.chmod(0o700)
    with pytest.raises(IsADirectoryError):
        keeper.keep(BASE, TEXT)
    assert list(drafts(environ).iterdir()) == [in_the_way]


def test_a_draft_of_a_deleted_file_is_offered(folder: Path, environ: dict[str, str]) -> None:
    keeper = DraftKeeper(folder, "001_a.sql", environ)
    keeper.keep(BASE, TEXT)
    keeper.leave()
    (folder / "001_a.sql").unlink()
    assert [left.text for left in left_texts(folder, environ)] == [TEXT]


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"name": "001_a.sql"}', b"\xff"])
def test_what_is_no_draft_is_left_alone(folder: Path, environ: dict[str, str], raw: bytes) -> None:
    keeper = DraftKeeper(folder, "001_a.sql", environ)
    keeper.keep(BASE, TEXT)
    keeper.leave()
    (path,) = drafts(environ).iterdir()
    path.write_bytes(raw)
    assert left_texts(folder, environ) == ()
    assert path.read_bytes() == raw


def test_a_draft_names_a_file_of_the_folder(folder: Path, environ: dict[str, str]) -> None:
    keeper = DraftKeeper(folder, "../../001_a.sql", environ)
    keeper.keep(BASE, TEXT)
    keeper.leave()
    assert [left.name for left in left_texts(folder, environ)] == ["001_a.sql"]


def test_a_state_folder_of_others_is_an_error(folder: Path, environ: dict[str, str]) -> None:
    place = Path(environ["XDG_STATE_HOME"], "koonj")
    place.mkdir(parents=True)
    place.chmod(0o777)
    with pytest.raises(UserFolderError):
        DraftKeeper(folder, "001_a.sql", environ).keep(BASE, TEXT)
    place.chmod(0o700)
    (place / "drafts").write_text("a file")
    with pytest.raises(UserFolderError):
        DraftKeeper(folder, "001_a.sql", environ).keep(BASE, TEXT)


def test_a_draft_survives_the_kill_of_its_process(folder: Path, environ: dict[str, str]) -> None:
    program = (
        "import sys, time; from pathlib import Path; from koonj.migrations.unsaved_text import DraftKeeper\n"
        f"DraftKeeper(Path({str(folder)!r}), '001_a.sql').keep({BASE!r}, {TEXT!r})\n"
        "print('kept', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **environ}, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"kept\n"
        assert left_texts(folder, environ) == ()
        process.send_signal(signal.SIGKILL)
    assert [left.text for left in left_texts(folder, environ)] == [TEXT]
