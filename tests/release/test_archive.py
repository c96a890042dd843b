"""What is in koonj.pyz, and that the same sources give the same bytes."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from importlib.util import MAGIC_NUMBER
from pathlib import Path

import pytest

from archive_file import with_bytecode
from release.conftest import PYTHON, ROOT, Account, Release, needs_libpq

pytestmark = pytest.mark.slow

MOST_BYTES = 12_000_000


def test_pyz_has_sources_bytecode_and_licences(release: Release) -> None:
    assert release.pyz.stat().st_size <= MOST_BYTES
    with zipfile.ZipFile(release.pyz) as archive:
        names = set(archive.namelist())
        licences = archive.read("LICENSES").decode()
        head = archive.read("koonj/cli/main.pyc")[:8]
    sources = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src/koonj").rglob("*.py")}
    assert sources <= names
    assert {f"{name}c" for name in names if name.endswith(".py")} <= names
    assert head == MAGIC_NUMBER + (1).to_bytes(4, "little")  # found by hash, and not compared (PEP 552)
    for package in ("koonj", "psycopg 3", "textual 8", "rich ", "pygments 2", "sqlparse 0", "markdown-it-py"):
        assert f"\n{package}" in f"\n{licences}"
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in licences


def test_archive_depends_on_no_date_user_or_order(release: Release) -> None:
    for file in (release.pyz, release.self_contained):
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
        assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr for entry in entries} == {0o100644 << 16}


def test_bytecode_is_the_same_in_another_process(release: Release) -> None:
    """Sets of constants depend on the seed of hashes, and marks of shared objects on what else was compiled."""
    with zipfile.ZipFile(release.pyz) as archive:
        names = [
            name for name in archive.namelist() if name.startswith("koonj/sql/") and name.endswith(".py")
        ]
        sources = {name: archive.read(name) for name in reversed(names)}
        built = {f"{name}c": archive.read(f"{name}c") for name in names}
    assert len(names) > 50
    assert with_bytecode(sources) == {**sources, **built}


@needs_libpq
def test_self_contained_file_tells_what_it_is(release: Release, account: Account) -> None:
    for file, psycopg in ((release.pyz, ", python)"), (release.self_contained, ", binary)")):
        done = account.run(PYTHON, file, "--version")
        assert done.returncode == 0, done.stderr
        assert psycopg in done.stdout
        assert "not installed" not in done.stdout
        assert f"\n{file.name} " in done.stdout
        assert "textual 8" in done.stdout.splitlines()[-1]
        assert ("psycopg-binary" in done.stdout.splitlines()[-1]) == (file == release.self_contained)


@needs_libpq
def test_psycopg_of_the_machine_takes_no_part(release: Release, account: Account, tmp_path: Path) -> None:
    for name in ("psycopg", "psycopg_c", "psycopg_binary"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('{name} of the machine')\n")
    for file in (release.pyz, release.self_contained):
        done = account.run(PYTHON, file, "--version", environ={"PYTHONPATH": str(tmp_path)})
        assert (done.returncode, done.stderr) == (0, "")
        assert "psycopg 3." in done.stdout


def test_older_python_can_read_the_first_module_and_looks_for_a_newer_one(tmp_path: Path) -> None:
    module = ROOT / "release" / "archive" / "__main__.py"
    ast.parse(module.read_text(), feature_version=(3, 6))
    code = "import runpy, sys; sys.version_info = (3, 9, 2); runpy.run_path(%r, run_name='__main__')"
    command = (sys.executable, "-c", code % str(module), "status")
    environ = {**os.environ, "PATH": str(tmp_path)}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "koonj requires Python 3.11 or newer, and this is Python 3.9." in done.stderr
    (tmp_path / "python3.12").write_text('#!/bin/sh\necho "newer: $@"\n')
    (tmp_path / "python3.12").chmod(0o755)
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"newer: -P {module} status\n")


def test_missing_libpq_is_an_error_that_says_what_to_do(release: Release, account: Account) -> None:
    """The machine of the test has libpq, so Python is made not to find it."""
    code = (
        "import ctypes, ctypes.util, runpy, sys\n"
        "def refuse(*_): raise OSError\n"
        "ctypes.util.find_library, ctypes.CDLL = lambda _: None, refuse\n"
        f"sys.argv = [{str(release.pyz)!r}, *sys.argv[1:]]\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    for words in (("status",), ()):
        done = account.run(PYTHON, "-c", code, "--dsn", "host=/nowhere", "--migrations", ".", *words)
        assert done.returncode in {1, 2}, done.stderr
        assert "koonj: error: libpq, PostgreSQL's client library, cannot be loaded" in done.stderr
        assert "apt install libpq5" in done.stderr
        assert release.self_contained.name in done.stderr
        assert "Traceback" not in done.stderr
    done = account.run(PYTHON, "-c", code, "--dsn", "host=/nowhere", "--migrations", ".", "doctor")
    assert done.returncode == 1, done.stderr
    assert re.search("^error  libpq .*cannot be loaded\n .*apt install libpq5", done.stdout, re.MULTILINE)
    assert re.search("^note   target dsn .*not asked: libpq is missing$", done.stdout, re.MULTILINE)
