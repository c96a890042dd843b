"""Making a new cluster with initdb."""

import subprocess
from pathlib import Path

from .account import Account, run_as
from .binaries import Binaries
from .environment import child_environment
from .problem import EmbeddedError

SUPERUSER = "postgres"
_TIMEOUT = 300.0  # seconds; a loaded machine with a slow disk has been seen to take 8


def arguments(major: int, *, durable: bool) -> tuple[str, ...]:
    """initdb's arguments: UTF-8, no locale of the machine's, trust (the socket's folder is the guard).

    A cluster that is not durable is small and unsynced: it is there to be copied and thrown away.
    """
    same = ("-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-locale")
    if durable:
        return (*same, *(("--data-checksums",) if major < 18 else ()))  # 18 has them unless told not to
    small: tuple[str, ...] = (*same, "--no-sync", "--wal-segsize=1")
    small += ("--no-instructions",) if major >= 14 else ()
    return small + (("--no-data-checksums",) if major >= 18 else ())


def make_cluster(binaries: Binaries, data: Path, account: Account | None, *, durable: bool) -> None:
    """Run initdb on `data`, an empty folder of `account`. Raises EmbeddedError with initdb's words."""
    try:
        done = subprocess.run(  # noqa: S603  a program that binaries.py found
            [binaries.bindir / "initdb", "-D", data, *arguments(binaries.major, durable=durable)],
            env=child_environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=False,
            start_new_session=True,
            **run_as(account),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmbeddedError(f"{binaries.bindir / 'initdb'} did not run: {error}") from error
    if done.returncode != 0:
        raise EmbeddedError(
            f"initdb could not make a cluster in {data}:\n{last_lines(done.stdout)}",
            "Look at the disk's free space and the folder's owner and mode.",
        )


def last_lines(text: str, count: int = 12) -> str:
    """The end of a program's output, for an error message."""
    return "\n".join(text.rstrip().splitlines()[-count:])
