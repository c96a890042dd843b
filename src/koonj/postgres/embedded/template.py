"""Keep a cluster fresh from initdb, to be copied.

In shared memory, a copy takes a seventh of the time of initdb. Files are copied, never linked, because the
server changes them in place.
"""

import os
import secrets
import shutil
import subprocess
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from koonj import child_environment
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.errors import EmbeddedError, folders_explained
from koonj.postgres.embedded.initdb import arguments, make_cluster
from koonj.postgres.embedded.os_account import Account, give, run_as
from koonj.postgres.embedded.run_folder import SHARED_MEMORY, shared_memory_has_room
from koonj.postgres.embedded.sweep import lock_of, prune
from koonj.postgres.shared_process.file_lock import lock, open_lock_file
from koonj.user_folders import CACHE, UserFolderError, koonj_folder, make_trusted

_FORMAT = "1"  # must change when the same arguments mean a different template


def fresh_cluster(binaries: Binaries, data: Path, account: Account | None) -> None:
    """Create a new cluster in `data`: a copy of the template, or by initdb.

    `data` is in a folder of `account`.

    Raises:
        EmbeddedError: neither works.
    """
    with suppress(EmbeddedError, OSError, subprocess.SubprocessError):
        copy_cluster(template(binaries, account), data, account)
        return
    shutil.rmtree(data, ignore_errors=True)
    _initdb(binaries, data, account)


def template(binaries: Binaries, account: Account | None) -> Path:
    """Return the template for these binaries; create it if needed.

    Raises:
        EmbeddedError: it cannot be created.
        OSError: it cannot be created.
    """
    cache = cache_folder(account)
    path = cache / f"template-{programs_key(binaries)}"
    if not is_complete(path):
        gate = open_lock_file(lock_of(path))
        try:
            lock(gate, seconds=None)
            if not is_complete(path):
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


def is_complete(path: Path) -> bool:
    """Return whether `path` is a complete cluster."""
    # It gets its name only when complete, but a cleaner of temporary files can delete parts of it.
    return (path / "PG_VERSION").is_file() and (path / "global" / "pg_control").is_file()


def copy_cluster(source: Path, data: Path, account: Account | None) -> None:
    """Copy a stopped cluster to `data`, a new or empty folder, as `account`.

    Raises:
        OSError: cp did not run.
        subprocess.SubprocessError: cp failed.
    """
    # cp takes half the time of shutil.copytree, and the copies belong to the account that runs it.
    subprocess.run(  # noqa: S603  no arguments from outside
        ["/bin/cp", "-R", f"{source}/.", data],
        check=True,
        cwd="/",
        env=child_environment.for_program(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        **run_as(account),
    )


@folders_explained()
def cache_folder(account: Account | None) -> Path:
    """Return the folder for clusters that are kept to be copied.

    It is shared memory if there is enough space, else the user's cache.

    Raises:
        EmbeddedError: no folder can be created.
    """
    # Others can enter root's folder, so that the account reaches its template. The template itself is 0700.
    if shared_memory_has_room():
        with suppress(UserFolderError):
            mode = 0o700 if account is None else 0o711
            return make_trusted(SHARED_MEMORY / f"koonj-templates-{os.geteuid()}", mode)
    return make_trusted(koonj_folder(CACHE, account) / "templates", 0o755)


def programs_key(binaries: Binaries) -> str:
    """Return a key that differs for clusters of other binaries or initdb arguments."""
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
