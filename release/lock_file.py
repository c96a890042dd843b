"""Read and write release/lock.txt: the packages that were tested, with the hashes of their wheels.

`make lock` writes it with the versions of .venv, in which the tests ran. The hashes of wheels for other
platforms come from the package index, through pip.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import MappingProxyType

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parent / "lock.txt"
HEAD = """\
# The packages that koonj was tested with. `make lock` writes this file, `make release` reads it.
"""
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
PLATFORMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "linux-x86_64": ("manylinux2014_x86_64", "manylinux_2_28_x86_64"),
        "linux-aarch64": ("manylinux2014_aarch64", "manylinux_2_28_aarch64"),
        "macos-arm64": ("macosx_11_0_arm64", "macosx_14_0_arm64"),
        "macos-x86_64": ("macosx_10_9_x86_64", "macosx_11_0_x86_64", "macosx_13_0_x86_64"),
    }
)
"""Platforms of the self-contained files, and their names in wheels."""
WITH_LIBRARIES = "psycopg-binary"
"""The package that needs a wheel for each platform and each version of Python."""
_ENTRY = re.compile(
    r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+)(?P<hashes>(?: \\\n    --hash=sha256:[0-9a-f]{64})+)$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Locked:
    """One package."""

    name: str
    version: str
    hashes: tuple[str, ...]
    """SHA-256 of each wheel, sorted."""

    def __str__(self) -> str:
        """Return its lines in the file."""
        return " \\\n".join(
            (f"{self.name}=={self.version}", *(f"    --hash=sha256:{one}" for one in self.hashes))
        )


def read_lock() -> tuple[Locked, ...]:
    """Return the packages of the file, sorted by name."""
    text = LOCK.read_text("utf-8")
    return tuple(
        Locked(found["name"], found["version"], tuple(re.findall(r"sha256:([0-9a-f]{64})", found["hashes"])))
        for found in _ENTRY.finditer(text)
    )


def installed_closure(top: str) -> dict[str, str]:
    """Return the names and versions of all packages that `top` requires, as they are installed here."""
    found: dict[str, str] = {}
    waiting = [(top, frozenset[str]())]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        distribution = metadata.distribution(name)
        found[name] = distribution.version
        for requirement in map(Requirement, distribution.requires or ()):
            if _is_needed(requirement, extras):
                waiting.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    del found[top]
    return found


def _is_needed(requirement: Requirement, extras: Iterable[str]) -> bool:
    """Whether a package is needed on the oldest Python of any platform that koonj supports."""
    if requirement.marker is None:
        return True
    oldest = {"python_version": "3.11", "python_full_version": "3.11.0"}
    return any(requirement.marker.evaluate({**oldest, "extra": extra}) for extra in ("", *extras))


def write_lock() -> None:
    """Write the file with the versions that are installed here."""
    locked = [_locked(name, version) for name, version in sorted(installed_closure("koonj").items())]
    LOCK.write_text(HEAD + "".join(f"\n{one}\n" for one in locked), "utf-8")


def _locked(name: str, version: str) -> Locked:
    if name != WITH_LIBRARIES:
        return Locked(name, version, (_wheel_hash(f"{name}=={version}"),))
    wheels = (platform_options(platform, python) for platform in PLATFORMS for python in PYTHONS)
    return Locked(
        name, version, tuple(sorted({_wheel_hash(f"{name}=={version}", *options) for options in wheels}))
    )


def platform_options(platform: str, python: str) -> tuple[str, ...]:
    """Return pip's options for the wheels of another platform and version of Python."""
    names = (word for name in PLATFORMS[platform] for word in ("--platform", name))
    return ("--target", "-", "--implementation", "cp", "--python-version", python, *names)


def _wheel_hash(requirement: str, *options: str) -> str:
    command = ("install", "--dry-run", "--ignore-installed", "--no-deps", "--only-binary", ":all:", "--quiet")
    done = subprocess.run(
        (sys.executable, "-m", "pip", *command, "--report", "-", *options, requirement),
        stdout=subprocess.PIPE,
        check=True,
    )
    (package,) = json.loads(done.stdout)["install"]
    return str(package["download_info"]["archive_info"]["hashes"]["sha256"])


if __name__ == "__main__":
    write_lock()
