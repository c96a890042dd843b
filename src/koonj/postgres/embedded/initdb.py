"""Create a cluster with initdb."""

import subprocess
from pathlib import Path

from koonj import child_environment
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.embedded.os_account import Account, run_as

SUPERUSER = "postgres"
_TIMEOUT = 300.0  # seconds; a busy machine with a slow disk took 8


def arguments(major: int, *, durable: bool) -> tuple[str, ...]:
    """Return initdb's arguments: UTF-8, no locale of the machine, trust.

    trust is safe because the folder of the socket is private. A cluster that is not durable is small and not
    synced, because it will be copied and deleted.
    """
    same = ("-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-locale")
    if durable:
        return (*same, *(("--data-checksums",) if major < 18 else ()))  # the default in 18
    small: tuple[str, ...] = (*same, "--no-sync", "--wal-segsize=1")
    small += ("--no-instructions",) if major >= 14 else ()
    return small + (("--no-data-checksums",) if major >= 18 else ())


def make_cluster(binaries: Binaries, data: Path, account: Account | None, *, durable: bool) -> None:
    """Run initdb on `data`, an empty folder of `account`.

    Raises:
        EmbeddedError: initdb failed; the message contains its output.
    """
    try:
        done = subprocess.run(  # noqa: S603  binaries.py found this program
            [binaries.bindir / "initdb", "-D", data, *arguments(binaries.major, durable=durable)],
            env=child_environment.for_program(),
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
            f"initdb could not create a cluster in {data}:\n{last_lines(done.stdout)}",
            "Check the free disk space, and the owner and mode of the folder.",
        )


def last_lines(text: str, count: int = 12) -> str:
    """Return the end of a program's output, for an error message."""
    return "\n".join(text.rstrip().splitlines()[-count:])
