"""Python files in the working directory are never imported by koonj or its children."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import koonj
from koonj.tui.documents import analysis_process
from koonj.tui.workers.subprocesses import PROGRAM

MODULES = (
    "argparse",
    "asyncio",
    "dataclasses",
    "json",
    "psycopg",
    "rich",
    "subprocess",
    "textual",
    "tomllib",
)


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder whose files have the names of modules that koonj imports, and fail if they are imported."""
    for name in MODULES:
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working directory')\n")
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-m", "koonj", "--version"],
        [sys.executable, "-m", "koonj", "status", "--dsn", "host=127.0.0.1 port=1"],
        [*PROGRAM, "--version"],
        [sys.executable, "-P", "-m", analysis_process.__name__, "001_a.sql"],
    ],
)
def test_modules_of_the_working_directory_are_not_imported(hostile: Path, command: list[str]) -> None:
    done = subprocess.run(
        command, cwd=hostile, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert "imported from the working directory" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if command[-1] == "--version":
        assert done.stdout.startswith("koonj ")


def test_every_python_that_koonj_starts_omits_the_working_directory() -> None:
    texts = [path.read_text() for path in Path(koonj.__file__).parent.rglob("*.py")]
    started = [match for text in texts for match in re.findall(r"sys\.executable(.*)", text)]
    assert len(started) >= 2
    assert all(words.startswith((', "-P"', ', "-I"')) for words in started), started
