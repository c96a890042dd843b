"""Fixtures for tests of the release files: they are built once for all test processes."""

from __future__ import annotations

import ctypes.util
import fcntl
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = Path(sys.executable).resolve()
"""Python without the packages of the test environment."""


needs_libpq = pytest.mark.skipif(ctypes.util.find_library("pq") is None, reason="no libpq on this machine")


@dataclass(frozen=True)
class Release:
    """The files that release/build.py has built."""

    folder: Path

    @property
    def pyz(self) -> Path:
        return self.folder / "koonj.pyz"

    @property
    def self_contained(self) -> Path:
        (found,) = self.folder.glob("koonj-*.pyz")
        return found


@dataclass(frozen=True)
class Account:
    """An account in which nothing of koonj was ever used."""

    home: Path

    def environ(self, **more: str) -> dict[str, str]:
        """Return its environment, which has nothing of this process but the mark of the tests."""
        mark = os.environ["KOONJ_TEST_PROCESS"]
        path = f"{PYTHON.parent}:/usr/bin:/bin"
        return {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8", "KOONJ_TEST_PROCESS": mark, **more}

    def run(
        self, *words: str | Path, cwd: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words,
            cwd=cwd or self.home,
            env=self.environ(**(environ or {})),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Build koonj.pyz and the self-contained file, unless another test process has done it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder = shared / "release"
    with (shared / "release.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            new = shared / "release.new"
            packages = sysconfig.get_path("purelib")
            build = (sys.executable, ROOT / "release" / "build.py", "--installed", packages, "--into", new)
            subprocess.run(build, check=True)
            new.rename(folder)
    return Release(folder)


@pytest.fixture
def account(tmp_path: Path) -> Account:
    """An account with an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return Account(home)


@pytest.fixture
def read_only(tmp_path: Path) -> Account:
    """An account with a home in which nothing can be created, not even by root."""
    if os.geteuid() == 0:
        return Account(Path("/sys"))
    home = tmp_path / "read-only"
    home.mkdir(mode=0o500)
    return Account(home)
