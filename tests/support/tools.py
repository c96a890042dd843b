"""The other migration tools with which koonj takes turns in the tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlencode

import pytest
from psycopg.conninfo import conninfo_to_dict

NPM = Path(__file__).parents[1] / "tools" / "node_modules"


def npm_program(name: str) -> str:
    """Return a program of the tools in ``tests/tools``, or skip the test."""
    program = NPM / ".bin" / name
    if not program.exists():
        pytest.skip(f"no {name} (npm ci in tests/tools)")
    return str(program)


def python_program(name: str, package: str) -> str:
    """Return a program that is installed beside this Python, or on PATH, or skip the test."""
    beside = Path(sys.executable).with_name(name)
    program = str(beside) if beside.exists() else shutil.which(name)
    if program is None:
        pytest.skip(f"no {name} on this machine (pip install {package})")
    return program


def system_program(name: str) -> str:
    """Return a program on PATH, or skip the test."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"no {name} on this machine (apt-get install {name})")
    return program


def url_of(dsn: str, scheme: str) -> str:
    """Return a connection string as a URL that has no host, with everything else behind the question mark."""
    given = conninfo_to_dict(dsn)
    database = given.pop("dbname")
    wanted = {key: value for key, value in given.items() if key in {"host", "port", "user", "password"}}
    return f"{scheme}:///{database}?{urlencode(wanted)}"


def run_tool(
    command: Sequence[str | Path],
    *,
    folder: Path,
    environ: Mapping[str, str] | None = None,
    fails: bool = False,
) -> str:
    """Run a program in a folder, and return what it prints. It must succeed, or fail."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environ or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )
    assert bool(done.returncode) is fails, (command, done.stdout, done.stderr)
    return done.stdout + done.stderr
