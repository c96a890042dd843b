"""Collect the files of the packages that go into a release file, and their licences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

from lock_file import WITH_LIBRARIES, Locked

ROOT = Path(__file__).parent.parent
KOONJ = ROOT / "src" / "koonj"
_LICENCE = re.compile(r"(LICEN[CS]E|COPYING|NOTICE|AUTHORS)", re.IGNORECASE)
_UNUSED = frozenset({".pyi", ".pyc", ".typed"})
_LEXERS = PurePosixPath("pygments/lexers")
_USED_LEXERS = re.compile(r"(__init__|_mapping|sql|_\w*sql_builtins|_postgres_builtins|python)\.py")
"""Of SQL, for the screen, and of Python, for the report of a crash. There are 500 others."""


class ReleaseError(Exception):
    """Raised if no release file can be built. The message says why."""


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package."""

    name: str
    version: str
    licence: str
    files: dict[str, bytes]
    """Its files, by their path from the folder of packages."""

    @property
    def contents(self) -> dict[str, bytes]:
        """The files that koonj needs to run."""
        return {path: content for path, content in self.files.items() if _is_used(PurePosixPath(path))}

    @property
    def licence_texts(self) -> Iterator[str]:
        """The texts of its licence files."""
        for path, content in sorted(self.files.items()):
            if ".dist-info/" in path and _LICENCE.match(PurePosixPath(path).name):
                yield content.decode("utf-8", "replace").strip()


def packages(folder: Path, locked: tuple[Locked, ...]) -> tuple[Package, ...]:
    """Return the locked packages, which are installed in `folder`.

    Raises:
        ReleaseError: one of them is missing there, or has another version.
    """
    installed = {
        _plain(found.metadata["Name"]): found for found in metadata.distributions(path=[str(folder)])
    }
    return tuple(_package(one, installed.get(one.name)) for one in locked)


def pure(found: tuple[Package, ...]) -> tuple[Package, ...]:
    """Return the packages that Python can import from an archive."""
    return tuple(package for package in found if package.name != WITH_LIBRARIES)


def own_files() -> dict[str, bytes]:
    """Return koonj's own files."""
    return {
        f"koonj/{path.relative_to(KOONJ).as_posix()}": path.read_bytes()
        for path in KOONJ.rglob("*")
        if path.is_file() and path.suffix not in _UNUSED and not path.name.startswith(".")
    }


def licences(found: tuple[Package, ...]) -> str:
    """Return the text of the file LICENSES: of koonj and of each package in the release file."""
    parts = [f"koonj\n\n{(ROOT / 'LICENSE').read_text('utf-8').strip()}"]
    for package in found:
        texts = list(package.licence_texts)
        if not texts:
            raise ReleaseError(f"{package.name} {package.version} has no licence file.")
        parts.append("\n\n".join((f"{package.name} {package.version} ({package.licence})", *texts)))
        libraries = sorted(path for path in package.files if ".libs/" in path or ".dylibs/" in path)
        if libraries:
            parts[-1] += "\n\nIts wheel contains these libraries, under their own licences:\n" + "\n".join(
                libraries
            )
    return ("\n\n" + "-" * 80 + "\n\n").join(parts) + "\n"


def _package(locked: Locked, found: metadata.Distribution | None) -> Package:
    if found is None or found.version != locked.version:
        is_here = "is not installed" if found is None else f"has the version {found.version}"
        raise ReleaseError(f"{locked.name} {locked.version} of release/lock.txt {is_here}. Run: make setup")
    files = {}
    for path in found.files or ():
        if ".." not in path.parts and "__pycache__" not in path.parts:
            files[path.as_posix()] = path.read_binary()
    return Package(locked.name, locked.version, _licence_name(found), files)


def _licence_name(found: metadata.Distribution) -> str:
    fields = found.metadata.json
    named = str(fields.get("license_expression") or fields.get("license") or "see below")
    return named.strip().split("\n")[0]


def _is_used(path: PurePosixPath) -> bool:
    if path.parts[0].endswith(".dist-info") or path.suffix in _UNUSED:
        return False
    return path.parent != _LEXERS or _USED_LEXERS.fullmatch(path.name) is not None


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
