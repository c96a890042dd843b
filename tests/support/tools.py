"""The other migration tools with which koonj takes turns in the tests."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

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
