"""A cluster fresh from initdb, kept to be copied: in shared memory a copy takes a seventh of initdb's time.

Files are copied, never linked: the server writes in place.
"""

import os
import secrets
import shutil
import subprocess
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from koonj.user_folders import CACHE, UserFolderError, koonj_folder, make_trusted

from .account import Account, give, run_as
from .binaries import Binaries
from .environment import child_environment
from .folder import SHARED_MEMORY, shared_memory_has_room
from .initdb import arguments, make_cluster
from .locks import lock, open_lock_file
from .problem import EmbeddedError, folders_explained
from .sweep import lock_of, prune

_FORMAT = "1"  # changed when the same arguments begin to mean another template


def fresh_cluster(binaries: Binaries, data: Path, account: Account | None) -> None:
    """Make `data`, in a folder of `account`'s, a fresh cluster: a copy of the template, or by initdb.

    Raises EmbeddedError when neither works.
    """
    with suppress(EmbeddedError, OSError, subprocess.SubprocessError):
        copy_cluster(template(binaries, account), data, account)
        return
    shutil.rmtree(data, ignore_errors=True)
    _initdb(binaries, data, account)


def template(binaries: Binaries, account: Account | None) -> Path:
    """The template for these programs, made if need be. Raises EmbeddedError or OSError if it cannot be."""
    cache = cache_folder(account)
    path = cache / f"template-{programs_key(binaries)}"
    if not whole(path):
        gate = open_lock_file(lock_of(path))
        try:
            lock(gate, seconds=None)
            if not whole(path):
                _make(binaries, path, account)
                lock_of(path).write_text(str(binaries.bindir), "utf-8")
        finally:
            os.close(gate)
    prune(cache, "template", path)
    return path


def _make(binaries: Binaries, path: Path, account: Account | None) -> None:
    shutil.rmtree(path, ignore_errors=True)
    for left in path.parent.glob(f"{path.name}.new-*"):
        shutil.rmtree(left, ignore_errors=True)
    new = path.with_name(f"{path.name}.new-{secrets.token_hex(4)}")
    try:
        _initdb(binaries, new, account)
        new.rename(path)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _initdb(binaries: Binaries, data: Path, account: Account | None) -> None:
    data.mkdir(mode=0o700)
    give(data, account)
    make_cluster(binaries, data, account, durable=False)


def whole(path: Path) -> bool:
    """Whether `path` is a cluster."""
    # It gets its name only when finished, but a cleaner of temporary files may have been at it.
    return (path / "PG_VERSION").is_file() and (path / "global" / "pg_control").is_file()


def copy_cluster(source: Path, data: Path, account: Account | None) -> None:
    """Copy a stopped cluster to `data`: a new folder, or an empty one; as `account`.

    Raises OSError or subprocess.SubprocessError.
    """
    # cp takes half of the time that shutil.copytree does, and as the account leaves no owner to be changed.
    subprocess.run(  # noqa: S603  no words of others
        ["/bin/cp", "-R", f"{source}/.", data],
        check=True,
        cwd="/",
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        **run_as(account),
    )


@folders_explained()
def cache_folder(account: Account | None) -> Path:
    """Where clusters are kept to be copied: shared memory where there is room, else the user's cache.

    Raises EmbeddedError.
    """
    # Others may enter root's, so that the account reaches its template; the template itself is 0700.
    if shared_memory_has_room():
        with suppress(UserFolderError):
            mode = 0o700 if account is None else 0o711
            return make_trusted(SHARED_MEMORY / f"koonj-templates-{os.geteuid()}", mode)
    return make_trusted(koonj_folder(CACHE, account) / "templates", 0o755)


def programs_key(binaries: Binaries) -> str:
    """Differs where a cluster of other programs, or made with other arguments, would not be the same."""
    parts = [
        _FORMAT,
        str(binaries.bindir),
        *map(str, binaries.version),
        *arguments(binaries.major, durable=False),
    ]
    for program in ("postgres", "initdb"):
        status = (binaries.bindir / program).stat()
        parts += [str(status.st_mtime_ns), str(status.st_size)]
    return sha256("\0".join(parts).encode()).hexdigest()[:16]
