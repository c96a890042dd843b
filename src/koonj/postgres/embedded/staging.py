"""Server programs that root's unprivileged account can reach."""

from .account import Account
from .binaries import Binaries


def reachable(binaries: Binaries, account: Account | None) -> Binaries:
    """`binaries`, or a copy of them where `account` may read them."""
    return binaries
