"""Interrupt a run on a target behind a bastion: the ssh of its tunnel is killed, or koonj itself."""

from __future__ import annotations

import json
import os
import signal
from contextlib import suppress
from itertools import count
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from support.faults.fault_runner import FaultRunner, Interruption
from support.own_process import wait_until
from support.sshd import Sshd, clients


class TunnelFaultRunner(FaultRunner):
    """The interrupted koonj goes through a real ssh; the one that completes the run goes directly."""

    def __enter__(self) -> Self:
        super().__enter__()
        self._numbers = count(1)
        self._config = self._stack.enter_context(Sshd()).client_config()
        return self

    def _argv(self, dsn: str, *argv: str) -> tuple[str, ...]:
        parts = conninfo_to_dict(dsn)
        if parts["host"] != str(self._proxy.folder):
            return super()._argv(dsn, *argv)
        far = json.dumps(
            make_conninfo("", **{name: value for name, value in parts.items() if name != "password"})
        )
        ssh = f'{{ host = "bastion", options = ["-F", "{self._config}"] }}'
        # Each trial has a database of its own, so a target of its own: koonj would refuse to change another one.
        name = f"far{next(self._numbers)}"
        text = f'migrations = "migrations"\n[targets.{name}]\ndsn = {far}\nssh = {ssh}\n'
        (self._root / "koonj.toml").write_text(text)
        return (*argv, "--target", name)

    def _touch_server(self, what: Interruption, dsn: str, found: list[str]) -> None:
        if what is Interruption.TUNNEL:
            for pid in clients(self._config):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        else:
            super()._touch_server(what, dsn, found)

    def _after_run(self, found: list[str]) -> None:
        try:
            wait_until(lambda: not clients(self._config), 20)
        except AssertionError:
            found.append("4: an ssh is left")
