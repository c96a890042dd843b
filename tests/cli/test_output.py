"""Output to a closed or full stdout, and to a terminal that shows only ASCII."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from koonj.sql.display import wants_ascii
from support.command import Project


def _shell(project: Project, command: str) -> tuple[int, str]:
    script = f"{sys.executable} -m koonj {command}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=project.root, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.parametrize("command", ["check", "status --json", "new x", "--help"])
def test_closed_stdout_is_an_error_and_nothing_is_created(files: Project, command: str) -> None:
    code, err = _shell(files, f"{command} >&-")
    assert code == 1
    assert err.startswith("koonj: error: Cannot write to stdout: it is closed.\n")
    assert "Traceback" not in err
    assert list(files.migrations.iterdir()) == []


def test_closed_stderr_keeps_the_exit_code(files: Project) -> None:
    assert _shell(files, "show 99 2>&-") == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("command", ["check", "status", "patterns --json", "--version", "--help", "show 1"])
def test_full_disk_is_an_error(files: Project, command: str) -> None:
    files.table(1)
    code, err = _shell(files, f"{command} >/dev/full")
    assert code == 1
    assert "koonj: error: Cannot write to stdout: No space left on device.\n" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("environ", "encoding", "expected"),
    [
        ({}, "utf-8", False),
        ({}, "UTF8", False),
        ({}, "ascii", True),
        ({}, None, True),
        ({"LANG": "C"}, "utf-8", True),
        ({"LC_CTYPE": "POSIX", "LANG": "de_DE.UTF-8"}, "utf-8", True),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, "utf-8", True),
        ({"LC_ALL": "", "LC_CTYPE": "", "LANG": "C"}, "utf-8", True),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, "utf-8", False),
        ({"LC_ALL": "de_DE.UTF-8"}, "latin-1", True),
    ],
)
def test_wants_ascii_depends_on_locale_and_encoding(
    environ: dict[str, str], encoding: str | None, expected: bool
) -> None:
    assert wants_ascii(environ, encoding) is expected


@pytest.mark.parametrize("name", ["LC_ALL", "LANG"])
def test_locale_c_gets_ascii(project: Project, name: str) -> None:
    project.table(1)
    answer = project.run("status", **{"LC_ALL": "", "LANG": "", name: "C"})
    assert ". pending  001_make_t1.sql" in answer.out
    assert answer.out.isascii()


def test_encoding_decides_when_no_locale_is_set(project: Project) -> None:
    project.table(1)
    assert "◦ pending  " in project.run("status", LC_ALL="", LANG="", PYTHONIOENCODING="utf-8").out
