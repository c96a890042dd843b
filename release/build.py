"""Build the files of a release into dist/: the wheel, koonj.pyz, and self-contained files.

`make release` runs it. The packages are those of release/lock.txt, and pip checks their hashes. The same
sources and the same Python give the same bytes. docs/remote.md says how the files are used.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from archive_file import digest, with_bytecode, write_archive
from lock_file import LOCK, PLATFORMS, PYTHONS, WITH_LIBRARIES, platform_options, read_lock
from package_files import KOONJ, ROOT, Package, ReleaseError, licences, own_files, packages, pure

PYZ = "koonj.pyz"
_ARCHIVE = Path(__file__).parent / "archive"
_IN_ARCHIVE = "libraries"
"""Folder in the archive; release/archive/koonj_libraries.py reads it."""
_CONTENTS = "koonj/release_contents.py"
_EPOCH = "315532800"
"""1980-01-01, the date of the files in the wheel."""


def main() -> None:
    """Build what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--into", type=Path, default=ROOT / "dist", help="folder of the files (default: dist)"
    )
    parser.add_argument(
        "--installed",
        metavar="FOLDER",
        type=Path,
        help="take the packages from a folder of installed ones, without network, and build only koonj.pyz "
        "and the self-contained file for this platform and this Python",
    )
    args = parser.parse_args()
    args.into.mkdir(parents=True, exist_ok=True)
    try:
        if args.installed is not None:
            build_of_installed(args.into, args.installed)
        else:
            build_all(args.into)
    except (ReleaseError, subprocess.CalledProcessError) as error:
        sys.exit(f"{Path(__file__).name}: error: {error}")


def build_all(into: Path) -> None:
    """Build the whole release."""
    with tempfile.TemporaryDirectory(prefix="koonj-release-") as temporary:
        folder = Path(temporary)
        _pip("--require-hashes", "--target", str(folder / "packages"), "-r", str(LOCK))
        found = packages(folder / "packages", read_lock())
        files = [_wheel(into), _pyz(into, found)]
        for name in PLATFORMS:
            libraries: dict[str, bytes] = {}
            for python in PYTHONS:
                libraries |= _libraries_for(folder / f"{name}-{python}", name, python)
            files.append(_self_contained(into, f"koonj-{name}.pyz", found, libraries))
    sums = "".join(f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    (into / "SHA256SUMS").write_text(sums, "ascii")
    for file in files:
        print(f"{file.stat().st_size:>10,} {file}")


def build_of_installed(into: Path, folder: Path) -> None:
    """Build the archives for this platform and Python from packages that are installed in `folder`."""
    found = packages(folder, read_lock())
    system = {"Linux": "linux", "Darwin": "macos"}[platform.system()]
    _pyz(into, found)
    _self_contained(into, f"koonj-{system}-{platform.machine()}.pyz", found, _libraries(found))


def _wheel(into: Path) -> Path:
    command = ("wheel", "--quiet", "--no-deps", "--wheel-dir", str(into), str(ROOT))
    subprocess.run(
        (sys.executable, "-m", "pip", *command), check=True, env={**os.environ, "SOURCE_DATE_EPOCH": _EPOCH}
    )
    (wheel,) = into.glob(f"koonj-{_version()}-*.whl")
    return wheel


def _pyz(into: Path, found: Sequence[Package]) -> Path:
    return _write(into / PYZ, pure(tuple(found)), {})


def _self_contained(
    into: Path, name: str, found: tuple[Package, ...], libraries: Mapping[str, bytes]
) -> Path:
    return _write(into / name, found, libraries)


def _write(target: Path, found: tuple[Package, ...], libraries: Mapping[str, bytes]) -> Path:
    files = own_files()
    for package in pure(found):
        files |= package.contents
    for source in _ARCHIVE.glob("*.py"):
        files[source.name] = source.read_bytes()
    files["LICENSES"] = licences(found).encode()
    in_folder = {f"{_IN_ARCHIVE}/{path}": content for path, content in libraries.items()}
    files[_CONTENTS] = _contents(target.name, found, digest({**files, **in_folder}), libraries)
    write_archive(target, {**with_bytecode(files), **in_folder})
    return target


def _contents(name: str, found: Sequence[Package], whole: str, libraries: Mapping[str, bytes]) -> bytes:
    """Return the text of koonj/release_contents.py."""
    listed = [
        (path, len(content), sha256(content).hexdigest()) for path, content in sorted(libraries.items())
    ]
    values = {
        "FILE_NAME": name,
        "DIGEST": whole,
        "PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}",
        "PACKAGES": tuple((package.name, package.version) for package in found),
        "LIBRARIES": tuple(listed),
    }
    lines = [f"{key} = {value!r}\n" for key, value in values.items()]
    return "".join(('"""What is in this release file."""\n\n', *lines)).encode()


def _libraries_for(target: Path, name: str, python: str) -> dict[str, bytes]:
    locked = tuple(one for one in read_lock() if one.name == WITH_LIBRARIES)
    lines = target.with_suffix(".txt")
    lines.write_text("".join(map(str, locked)), "utf-8")
    options = ["--target" if word == "--target" else word for word in platform_options(name, python)]
    options[options.index("--target") + 1] = str(target)
    _pip("--require-hashes", *options, "-r", str(lines))
    return _libraries(packages(target, locked))


def _libraries(found: Sequence[Package]) -> dict[str, bytes]:
    (package,) = (one for one in found if one.name == WITH_LIBRARIES)
    return package.contents


def _pip(*words: str) -> None:
    command = ("install", "--quiet", "--no-deps", "--no-compile", "--only-binary", ":all:")
    subprocess.run((sys.executable, "-m", "pip", *command, *words), check=True)


def _version() -> str:
    found = re.search(r'^__version__ = "(.*)"$', (KOONJ / "__init__.py").read_text("utf-8"), re.MULTILINE)
    assert found is not None
    return found[1]


if __name__ == "__main__":
    main()
