"""Copy server binaries if root's unprivileged account cannot reach the originals."""

import os
import secrets
import shutil
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.errors import EmbeddedError, folders_explained
from koonj.postgres.embedded.os_account import Account
from koonj.postgres.embedded.sweep import lock_of, prune
from koonj.user_folders import CACHE, koonj_folder

_OMITTED = shutil.ignore_patterns("*.a", "pgxs", "pkgconfig", "man", "doc", "include", "__pycache__")


def reachable(binaries: Binaries, account: Account | None) -> Binaries:
    """Return `binaries`, or a copy of them in a folder that `account` can enter.

    The copy has only the files that the server needs. It is owned by root, no other user can write to it, and
    it is replaced when the original changes.

    Raises:
        EmbeddedError: the files cannot be copied.
    """
    if account is None or all(map(account.reaches, _needed(binaries.bindir))):
        return binaries
    top = binaries.bindir.parent
    if not (top / "share").is_dir():
        raise EmbeddedError(
            f"The account {account.name}, which runs the server for root, cannot enter {binaries.bindir}.",
            "Run koonj as a user other than root, or install PostgreSQL in a folder that all users can read.",
        )
    with folders_explained():
        cache = koonj_folder(CACHE, account)
    copy = cache / f"programs-{binaries.major}-{_key(binaries.bindir)}"
    if not copy.is_dir():
        _copy(binaries.bindir, copy)
        lock_of(copy).write_text(str(binaries.bindir), "utf-8")
    prune(cache, "programs", copy)
    return replace(binaries, bindir=copy / top.parent.name / top.name / "bin")


def _needed(bindir: Path) -> list[Path]:
    """Return the paths that must be readable: programs, libraries and shared files."""
    top = bindir.parent
    beside = [top / "lib", top / "share", _libraries(bindir)]
    return [bindir / "postgres", bindir / "initdb", *(folder for folder in beside if folder.is_dir())]


def _libraries(bindir: Path) -> Path:
    """Return the folder of shared libraries of a Python package, ``<package>.libs``."""
    package = bindir.parent.parent
    return package.with_name(f"{package.name}.libs")


def _copy(bindir: Path, copy: Path) -> None:
    # Keep the layout of the original, because the programs find libraries and shared files by relative paths.
    new = copy.with_name(f"{copy.name}.new-{secrets.token_hex(4)}")
    top = new / bindir.parent.parent.name / bindir.parent.name
    try:
        (top / "bin").mkdir(parents=True)
        for program in ("postgres", "initdb"):
            shutil.copyfile(bindir / program, top / "bin" / program)
        for folder in ("lib", "share"):
            if (bindir.parent / folder).is_dir():
                shutil.copytree(bindir.parent / folder, top / folder, ignore=_OMITTED, symlinks=True)
        if (libraries := _libraries(bindir)).is_dir():
            shutil.copytree(libraries, new / libraries.name)
        _open_to_read(new)
        with suppress(FileExistsError, NotADirectoryError):
            new.rename(copy)
    except OSError as error:
        if not copy.is_dir():  # otherwise another koonj process was faster
            raise EmbeddedError(f"Cannot copy the server binaries in {bindir} to {copy}: {error}") from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _open_to_read(folder: Path) -> None:
    folder.chmod(0o755)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)


def _key(bindir: Path) -> str:
    parts = [os.fsencode(bindir)]
    for program in ("postgres", "initdb"):
        status = (bindir / program).stat()
        parts.append(b"%d %d" % (status.st_mtime_ns, status.st_size))
    return sha256(b"\0".join(parts)).hexdigest()[:16]
