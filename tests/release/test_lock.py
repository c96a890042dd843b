"""release/lock.txt: the packages that go into a release are those that were tested."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from lock_file import PLATFORMS, PYTHONS, WITH_LIBRARIES, installed_closure, read_lock

ROOT = Path(__file__).parents[2]

LOCKED = {one.name: one for one in read_lock()}


def test_lock_satisfies_pyproject() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in map(Requirement, project["dependencies"]):
        assert requirement.specifier.contains(LOCKED[requirement.name].version), requirement


def test_lock_has_every_package_that_koonj_needs() -> None:
    assert installed_closure("koonj").keys() == LOCKED.keys()


def test_what_is_tested_is_what_is_locked() -> None:
    installed = {name: metadata.version(name) for name in LOCKED}
    assert installed == {name: one.version for name, one in LOCKED.items()}, "run: make setup, or: make lock"


def test_lock_has_a_hash_for_each_platform_and_python() -> None:
    assert len(LOCKED[WITH_LIBRARIES].hashes) == len(PLATFORMS) * len(PYTHONS)
    assert all(one.hashes for one in LOCKED.values())
