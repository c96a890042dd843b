"""What each command imports. `imports/*.txt` hold the modules: a start costs as much as its imports.

A module that a command needs is added with `pytest tests/cli/test_imports.py --golden=write`; read the difference.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.command import Project

LISTS = Path(__file__).parent / "imports"
COMMANDS = {
    "status": ("status",),
    "show": ("show", "1"),
    "check": ("check",),
    "doctor": ("doctor",),
    "plan": ("apply", "--plan"),
    "apply": ("apply", "--all", "--yes"),
}
PRINT = "import json, sys\n{run}\nprint(json.dumps(sorted(sys.modules)), file=sys.stderr)"
STANDARD = frozenset({*sys.stdlib_module_names, "__main__", "sitecustomize"})
"""Modules that Python imports itself; Debian's Python has a ``sitecustomize``."""


def imported(run: str, cwd: Path) -> list[str]:
    """Return koonj's modules after `run`, and the other packages that are not Python's own."""
    code = PRINT.format(run=run)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True, check=True, timeout=60
    )
    loaded = json.loads(done.stderr.splitlines()[-1])
    tops = {name.partition(".")[0] for name in loaded} - STANDARD
    packages = {top for top in tops if not top.startswith(("_", "koonj"))}
    return [*sorted(packages), *(name for name in loaded if name.partition(".")[0] == "koonj")]


def compare(name: str, found: list[str], request: pytest.FixtureRequest) -> None:
    file = LISTS / f"{name}.txt"
    if request.config.getoption("--golden") == "write":
        file.write_text("".join(f"{line}\n" for line in found))
    assert found == file.read_text().splitlines()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_imports_only_what_it_needs(
    project: Project, name: str, request: pytest.FixtureRequest
) -> None:
    project.table(1)
    assert project.koonj("apply", "--all", "--yes").code == 0
    project.table(2)
    with (project.root / "koonj.toml").open("a") as file:
        file.write("[checks]\nsquawk = false\n")  # it can be installed or not
    run = f"from koonj.cli.main import main\nmain({list(COMMANDS[name])!r})"
    compare(name, imported(run, project.root), request)


def test_the_first_paint_imports_only_what_it_needs(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    compare(
        "first_paint", imported("import koonj.cli.main, koonj.tui.launch, koonj.tui.app", tmp_path), request
    )
