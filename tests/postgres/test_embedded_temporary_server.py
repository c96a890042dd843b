"""Tests for the scratch cluster, which leaves nothing behind."""

import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from koonj.postgres.embedded import postmaster, template
from koonj.postgres.embedded.binaries import Binaries, EmbeddedError
from koonj.postgres.embedded.os_account import Account, server_account
from koonj.postgres.embedded.run_folder import PREFIX, scratch_parent
from koonj.postgres.embedded.temporary_server import TemporaryServer

pytestmark = pytest.mark.slow


def _one(dsn: str, query: str) -> object:
    with psycopg.connect(dsn) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def parent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder for run folders in which no other test's sweep looks."""
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="koonj test ", dir=scratch_parent()))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_new_database_is_empty(database: str) -> None:
    assert _one(database, "select count(*) from pg_class where relnamespace = 'public'::regnamespace") == 0


def test_databases_are_separate(database: str, make_database: Callable[[], str]) -> None:
    other = make_database()
    with psycopg.connect(database) as connection:
        connection.execute("create table only_here ()")
    assert _one(other, "select to_regclass('only_here')") is None


def test_server_is_private_and_has_a_cluster_name(scratch: TemporaryServer) -> None:
    assert _one(scratch.dsn(), "select current_setting('cluster_name')") == scratch.cluster_name
    assert _one(scratch.dsn(), "select current_setting('listen_addresses')") == ""
    assert _one(scratch.dsn(), "select current_setting('server_encoding')") == "UTF8"
    assert _one(scratch.dsn(), "select current_setting('timezone')") == "UTC"
    assert stat.S_IMODE(scratch.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((scratch.folder / ".s.PGSQL.5432").stat().st_mode) == 0o700
    pid = postmaster.running(scratch.folder / "data")
    assert pid
    assert Path(f"/proc/{pid}").stat().st_uid != 0


def test_server_starts_with_spaces_in_the_path_and_a_foreign_locale(
    parent: Path, binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "xx_YY.UTF-8")
    monkeypatch.setenv("LC_ALL", "xx_YY.UTF-8")
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("TZ", "Mars/Phobos")
    with TemporaryServer(binaries, parent=parent) as scratch:
        assert " " in str(scratch.folder)
        assert _one(scratch.dsn(), "select 1") == 1


def test_leaving_the_block_deletes_the_folder(parent: Path, binaries: Binaries) -> None:
    with TemporaryServer(binaries, parent=parent) as scratch:
        pid = postmaster.running(scratch.folder / "data")
        assert pid
        held = psycopg.connect(scratch.dsn())  # an open session does not keep the server
    assert list(parent.iterdir()) == []
    assert _ended(pid)
    held.close()
    scratch.close()


def test_failing_start_reports_the_log_and_leaves_nothing(parent: Path, binaries: Binaries) -> None:
    with (
        pytest.raises(
            EmbeddedError, match=r'did not start(.*\n)+.*invalid value for parameter "work_mem": "banana"'
        ),
        TemporaryServer(binaries, parent=parent, settings={"work_mem": "banana"}),
    ):
        pass
    assert list(parent.iterdir()) == []


def test_too_long_path_is_an_error_and_leaves_nothing(parent: Path, binaries: Binaries) -> None:
    deep = parent / ("x" * 100)
    deep.mkdir()
    with pytest.raises(EmbeddedError, match="too long"), TemporaryServer(binaries, parent=deep):
        pass
    assert list(deep.iterdir()) == []


_OWNER = """
import sys, time
from pathlib import Path
from koonj.postgres.embedded.temporary_server import TemporaryServer
with TemporaryServer(parent=Path(sys.argv[1])) as scratch:
    print(scratch.folder, flush=True)
    time.sleep(60)
"""


def _owner(parent: Path, binaries: Binaries) -> tuple[subprocess.Popen[str], Path, int]:
    environ = {**os.environ, "KOONJ_PG_BINDIR": str(binaries.bindir)}
    child = subprocess.Popen(
        [sys.executable, "-c", _OWNER, str(parent)], stdout=subprocess.PIPE, text=True, env=environ
    )
    assert child.stdout
    folder = Path(child.stdout.readline().rstrip("\n"))
    pid = postmaster.running(folder / "data")
    assert pid
    return child, folder, pid


def _ended(pid: int) -> bool:
    """Whether the process is gone, or only waits for its parent to notice."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def _kill(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.communicate()


def test_server_of_a_killed_owner_stops_and_the_next_start_deletes_its_folder(
    parent: Path, binaries: Binaries
) -> None:
    child, folder, _ = _owner(parent, binaries)
    _kill(child)
    end = time.monotonic() + 60
    while postmaster.running(folder / "data") and time.monotonic() < end:
        time.sleep(0.005)
    assert postmaster.running(folder / "data") is None
    assert folder.exists()
    with TemporaryServer(binaries, parent=parent) as scratch:
        assert list(parent.iterdir()) == [scratch.folder]


def test_next_start_stops_a_server_without_owner_and_watchdog(parent: Path, binaries: Binaries) -> None:
    child, folder, pid = _owner(parent, binaries)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"koonj-server" in command and os.fsencode(folder) in command:
            os.kill(int(process.name), signal.SIGKILL)
    _kill(child)
    assert postmaster.running(folder / "data") == pid
    with TemporaryServer(binaries, parent=parent) as scratch:
        assert list(parent.iterdir()) == [scratch.folder]
        assert _ended(pid)


def test_sweep_keeps_running_and_new_folders(parent: Path, binaries: Binaries) -> None:
    young = parent / f"{PREFIX}young"
    young.mkdir()
    with (
        TemporaryServer(binaries, parent=parent) as first,
        TemporaryServer(binaries, parent=parent) as second,
    ):
        assert {first.folder, second.folder, young} == set(parent.iterdir())
        assert _one(first.dsn(), "select 1") == 1


def test_template_is_created_once_by_concurrent_threads(
    parent: Path, binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Path] = []
    really = template._initdb

    def counted(binaries: Binaries, data: Path, account: Account | None) -> None:
        made.append(data)
        really(binaries, data, account)

    monkeypatch.setattr(template, "_initdb", counted)
    monkeypatch.setattr(template, "cache_folder", lambda _account: parent)
    (parent / f"template-{template.programs_key(binaries)}.new-0").mkdir()  # a killed process left it
    threads = [
        threading.Thread(target=template.template, args=(binaries, server_account())) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert sorted(p.name for p in parent.iterdir()) == [
        f"template-{template.programs_key(binaries)}", f"template-{template.programs_key(binaries)}.lock"
    ]  # fmt: skip


def test_template_folder_that_others_can_write_to_is_not_used(
    parent: Path, home: Path, binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = parent / f"koonj-templates-{os.geteuid()}"
    planted.mkdir()
    planted.chmod(0o777)
    monkeypatch.setattr(template, "SHARED_MEMORY", parent)
    monkeypatch.setattr(template, "shared_memory_has_room", lambda: True)
    used = template.template(binaries, server_account())
    assert used.parent != planted
    assert list(planted.iterdir()) == []


def test_templates_of_removed_binaries_are_deleted(
    parent: Path, binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(template, "cache_folder", lambda _account: parent)
    for name, original in (("orphan", parent / "removed"), ("other", binaries.bindir)):
        (parent / f"template-{name}").mkdir()
        (parent / f"template-{name}.lock").write_text(str(original))
    (parent / "template-unused").mkdir()
    os.utime(parent / "template-unused", (0, 0))
    used = template.template(binaries, server_account())
    assert {path.name for path in parent.iterdir() if path.is_dir()} == {used.name, "template-other"}
    assert not (parent / "template-orphan.lock").exists()
