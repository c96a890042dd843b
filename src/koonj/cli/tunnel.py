"""Implement `koonj tunnel`: run a program with the tunnel to a target, or keep the tunnel open."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from typing import NoReturn

import psycopg

from koonj.cli.diagnostics import CommandError, ExitCode
from koonj.cli.invocation import Call
from koonj.cli.ssh_notice import tell_on_stderr
from koonj.config import Target
from koonj.postgres.connector import ConnectError, bastion_of
from koonj.postgres.tunnel.client_variables import client_variables
from koonj.postgres.tunnel.destination import destinations
from koonj.postgres.tunnel.errors import TunnelError
from koonj.postgres.tunnel.lease import TunnelLease
from koonj.postgres.tunnel.shared_tunnel import open_tunnel

_LOOK = 0.5
"""Seconds between two looks whether ssh still runs."""


def tunnel(call: Call) -> ExitCode:
    """Run `koonj tunnel` and return the exit code, unless a program takes the place of this process.

    Raises:
        CommandError: there is no tunnel, or no such program.
    """
    target = call.settings().target
    program: list[str] = call.args.program
    if target.ssh is None:
        raise CommandError(
            f"The target {target.name} has no ssh in koonj.toml, so there is no tunnel to it.",
            'Write ssh = "HOST" into its table, or run the program without koonj.',
        )
    found = shutil.which(program[0]) if program else None
    if program and found is None:
        raise CommandError(f"There is no program {program[0]} in PATH.", "Install it, or write its path.")
    with _opened(target) as lease:
        if found is not None:
            _become(found, program, client_variables(target.dsn, lease), lease)
        return _keep(call, target, lease)


def _opened(target: Target) -> TunnelLease:
    try:
        return open_tunnel(bastion_of(target), destinations(target.dsn), tell=tell_on_stderr)
    except (TunnelError, ConnectError) as error:
        raise CommandError(f"{target.name}: {error.message}", error.hint) from error
    except psycopg.ProgrammingError:
        # "from None": libpq's message contains the connection string.
        raise CommandError(f"The dsn of target {target.name} is not a valid connection string.") from None


def _become(path: str, program: list[str], variables: dict[str, str | None], lease: TunnelLease) -> NoReturn:
    """Let the program take the place of this process, so that signals and its exit code are its own.

    The tunnel stays open until it ends, because it has the lease's descriptor.
    """
    environ = dict(os.environ)
    for name, value in variables.items():
        environ.pop(name, None)
        if value is not None:
            environ[name] = value
    lease.keep_across_exec()
    sys.stdout.flush()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and a program inherits that
    try:
        os.execve(path, program, environ)  # noqa: S606 - the user's own words, without a shell
    except OSError as error:
        raise CommandError(f"{path} cannot be run: {error.strerror}.") from error


def _keep(call: Call, target: Target, lease: TunnelLease) -> ExitCode:
    assert target.ssh is not None
    shown = client_variables(target.dsn, lease)
    try:
        call.out.lines((f"The tunnel to {target.name} through {target.ssh.host} is open. Ctrl-C ends it.",))
        call.out.lines(f"{name}={value}" for name, value in shown.items() if value is not None)
        call.out.flush()
        while lease.is_open():
            time.sleep(_LOOK)
    except KeyboardInterrupt:
        return ExitCode.OK
    raise CommandError(f"The tunnel to {target.name} has ended. ssh says: {lease.last_words()}")
