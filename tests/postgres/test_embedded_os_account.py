"""Test the server of root: it runs as another account and opens no private folder."""

import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

import koonj
from koonj.cli.doctor_line import DoctorLevel
from koonj.cli.folder_lines import folder_lines
from koonj.postgres.embedded.binaries import Binaries, EmbeddedError
from koonj.postgres.embedded.os_account import Account, run_as, server_account
from koonj.postgres.embedded.shared_server import open_shared
from koonj.postgres.embedded.staging import reachable
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.user_folders import CACHE, DATA, UserFolderError, folder_paths, koonj_folder, make_trusted

pytestmark = pytest.mark.slow

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, whose server runs as another account")


@pytest.fixture
def account() -> Account:
    found = server_account()
    assert found
    return found


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder in /tmp that all users can enter, unlike pytest's tmp_path."""
    made = Path(tempfile.mkdtemp(prefix="koonj-test-", dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def private(folder: Path) -> Path:
    """Return a folder with mode 0700, like root's home."""
    made = folder / "root's home"
    made.mkdir(mode=0o700)
    return made


def test_user_has_folders_in_the_home(home: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert koonj_folder(DATA, None) == home / ".local/share/koonj"
    assert stat.S_IMODE((home / ".local/share/koonj").stat().st_mode) == 0o700
    assert koonj_folder(CACHE, None, {"HOME": str(folder)}) == folder / ".cache/koonj"
    assert (
        koonj_folder(DATA, None, {"HOME": str(folder), "XDG_DATA_HOME": "relative"})
        == folder / ".local/share/koonj"
    )
    with monkeypatch.context() as patch:
        patch.setattr("sys.platform", "darwin")
        on_macos = koonj_folder(DATA, None, {"HOME": str(folder)})
    assert on_macos == folder / "Library/Application Support/koonj"


@as_root
def test_root_has_folders_that_the_account_can_enter(folder: Path, private: Path, account: Account) -> None:
    of_system = replace(DATA, of_system=str(folder / "var-lib-koonj"))
    assert koonj_folder(of_system, account, {"HOME": str(private)}) == folder / "var-lib-koonj"
    one = koonj_folder(of_system, account, {"XDG_DATA_HOME": str(private / "one")})
    assert folder_paths(of_system, account, {"XDG_DATA_HOME": str(private / "one")})[0] == one
    two = koonj_folder(of_system, account, {"XDG_DATA_HOME": str(private / "two")})
    assert one != two
    assert {one.parent, two.parent} == {folder / "var-lib-koonj"}
    assert account.enters(one)
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert list(private.iterdir()) == []
    assert koonj_folder(of_system, account, {"XDG_DATA_HOME": str(folder / "open")}) == folder / "open/koonj"


@as_root
def test_doctor_of_root_reads_no_data_folder_that_the_account_cannot_enter(private: Path) -> None:
    make_trusted(private / "koonj", 0o755).chmod(0o777)
    lines = {line.name: line for line in folder_lines({"XDG_DATA_HOME": str(private), "HOME": str(private)})}
    assert lines["data folder"].level is not DoctorLevel.ERROR
    private.chmod(0o755)
    lines = {line.name: line for line in folder_lines({"XDG_DATA_HOME": str(private), "HOME": str(private)})}
    assert lines["data folder"].level is DoctorLevel.ERROR


def test_folder_that_others_can_write_to_is_refused(folder: Path) -> None:
    (folder / "open").mkdir()
    (folder / "open").chmod(0o777)
    (folder / "link").symlink_to(folder)
    (folder / "file").touch()
    for name in ("open", "link", "file"):
        with pytest.raises(UserFolderError, match=r"to which only the user of koonj can write|Cannot create"):
            make_trusted(folder / name, 0o755)


@as_root
def test_folder_of_another_user_is_refused(folder: Path, account: Account) -> None:
    (folder / "planted").mkdir()
    os.chown(folder / "planted", account.uid, account.gid)
    with pytest.raises(UserFolderError, match="to which only the user of koonj can write"):
        make_trusted(folder / "planted", 0o755)


def test_a_server_without_its_folder_is_an_error_of_the_server(folder: Path, binaries: Binaries) -> None:
    (folder / f"server-{binaries.major}").touch()
    with pytest.raises(EmbeddedError, match="to which only the user of koonj can write"):
        open_shared(folder, binaries=binaries)


@as_root
def test_binaries_in_a_private_folder_are_copied_once_and_read_only(
    folder: Path, private: Path, binaries: Binaries, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not binaries.source.startswith("Python package"):
        pytest.skip("needs the server binaries of a Python package")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    package = binaries.bindir.parent.parent
    for source in (package, package.with_name(f"{package.name}.libs")):
        subprocess.run(["cp", "-R", source, private], check=True)
    hidden = replace(binaries, bindir=private / package.name / "pginstall/bin")
    assert reachable(binaries, None) is binaries
    copied = reachable(hidden, account)
    assert copied.bindir.is_relative_to(folder / "cache/koonj")
    for each in (folder / "cache").rglob("*"):
        assert each.lstat().st_uid == 0
        assert each.is_symlink() or not each.stat().st_mode & 0o022
    with TemporaryServer(copied) as scratch, psycopg.connect(scratch.dsn()) as connection:
        assert connection.execute(
            "select count(*) from pg_timezone_names where name = 'Asia/Kolkata'"
        ).fetchone() == (1,)
        connection.execute("create extension pg_trgm")
    before = copied.bindir.stat().st_ino
    assert reachable(hidden, account) == copied
    assert copied.bindir.stat().st_ino == before
    os.utime(hidden.bindir / "postgres")
    assert reachable(hidden, account) != copied
    assert stat.S_IMODE(private.stat().st_mode) == 0o700


_EVERYTHING = """
import sys, psycopg
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.embedded.shared_server import open_shared
with TemporaryServer() as scratch:
    print(psycopg.connect(scratch.dsn()).execute("select 'scratch'").fetchone()[0])
with open_shared() as lease:
    lease.ensure_database("demo")
    print(psycopg.connect(lease.dsn("demo")).execute("select current_setting('cluster_name')").fetchone()[0])
    print(lease.home.path)
"""


@as_root
def test_other_user_than_root_can_run_the_server(folder: Path, binaries: Binaries, account: Account) -> None:
    """Run the same binaries as the account `nobody` with its own home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    source, packages = Path(koonj.__file__).parent.parent, Path(sysconfig.get_path("platlib"))
    python = next((p for p in (sys.executable, f"/usr/bin/{version}") if account.reaches(Path(p))), None)
    if python is None or not (account.enters(source) and account.enters(packages)):
        pytest.skip(f"{account.name} cannot enter the folders of this Python, of koonj or of its packages")
    template = Path(f"/dev/shm/koonj-templates-{account.uid}")
    had_template = template.exists()
    own = folder / "home of nobody"
    own.mkdir(mode=0o700)
    os.chown(own, account.uid, account.gid)
    environ = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    environ |= {
        "HOME": str(own),
        "PYTHONPATH": f"{source}:{packages}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "KOONJ_PG_BINDIR": str(binaries.bindir),
    }
    done = subprocess.run(
        [python, "-c", _EVERYTHING],
        env=environ,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **run_as(account),
    )
    if not had_template:
        shutil.rmtree(template, ignore_errors=True)
    assert done.stderr == ""
    words = done.stdout.splitlines()
    assert words[0] == "scratch"
    assert words[1].startswith("koonj-")
    assert words[2] == str(own / f".local/share/koonj/server-{binaries.major}")
