"""A cluster fresh from initdb, kept to be copied: copying takes a seventh of initdb's time in shared memory."""

from pathlib import Path

from .account import Account, give
from .binaries import Binaries
from .initdb import make_cluster


def copy_template(binaries: Binaries, data: Path, account: Account | None) -> None:
    """Make `data` a fresh cluster."""
    data.mkdir(mode=0o700)
    give(data, account)
    make_cluster(binaries, data, account, durable=False)
