"""koonj reads its own SQL files, patterns and stylesheet also inside an archive, as in koonj.pyz."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import koonj
from koonj import own_module, release_contents
from koonj.patterns.measured_locks import measured_locks
from koonj.patterns.pattern import load
from koonj.postgres.queries import query

PACKAGE = Path(koonj.__file__).parent
READ = """
import json, sys
sys.path.insert(0, sys.argv[1])
from koonj.patterns.measured_locks import measured_locks
from koonj.patterns.pattern import load
from koonj.postgres.queries import query
patterns, problems = load()
texts = {name: query(name) for name in json.loads(sys.argv[2])}
found = {str(one.path): [one.title, len(measured_locks(one))] for one in patterns}
print(json.dumps([texts, found, list(map(str, problems))]))
"""


def test_own_files_are_read_inside_an_archive(tmp_path: Path) -> None:
    archive = tmp_path / "koonj.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in PACKAGE.rglob("*"):
            if "__pycache__" not in path.parts:
                file.write(path, path.relative_to(PACKAGE.parent))
    queries = PACKAGE / "postgres" / "queries"
    names = [path.relative_to(queries).with_suffix("").as_posix() for path in queries.rglob("*.sql")]
    done = subprocess.run(
        [sys.executable, "-c", READ, archive, json.dumps(names)], capture_output=True, text=True, check=True
    )
    texts, patterns, problems = json.loads(done.stdout)
    assert len(names) > 100
    assert texts == {name: query(name) for name in names}
    inside = Path(f"{archive}/koonj/patterns/library")
    assert patterns == {
        str(inside / one.path.name): [one.title, len(measured_locks(one))] for one in load()[0]
    }
    assert problems == []


def test_no_module_reads_a_file_by_its_own_path() -> None:
    """A file next to a module cannot be read so inside koonj.pyz: use importlib.resources or pkgutil.get_data."""
    named = {path for path in PACKAGE.rglob("*.py") if "__file__" in path.read_text("utf-8")}
    allowed = {
        "patterns/pattern.py",  # a name to show and to compare
        "patterns/parts.py",  # as above
        "migrations/parse_cache.py",  # not in a release file
    }
    assert {path.relative_to(PACKAGE).as_posix() for path in named} == allowed
    assert "CSS_PATH =" not in "".join(path.read_text("utf-8") for path in (PACKAGE / "tui").rglob("*.py"))


def test_a_module_is_started_from_the_release_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert own_module.module_command("koonj") == (sys.executable, "-P", "-m", "koonj")
    monkeypatch.setattr(release_contents, "FILE_NAME", "koonj.pyz")
    monkeypatch.setattr(koonj, "__path__", ["/bastion/koonj.pyz/koonj"])
    assert own_module.module_command("koonj") == (sys.executable, "-P", "/bastion/koonj.pyz", "-m", "koonj")
