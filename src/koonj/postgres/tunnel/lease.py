"""A process's share in an open tunnel."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Self

from koonj.config import Ssh
from koonj.postgres.shared_process.client_fifo import Pipe
from koonj.postgres.tunnel.destination import Destination, LocalEnd
from koonj.postgres.tunnel.errors import TunnelError
from koonj.postgres.tunnel.ssh_failure import last_words, refused_forward
from koonj.postgres.tunnel.tunnel_folder import TunnelFolder


class TunnelLease:
    """Keeps the tunnel open until it is closed or the process ends."""

    def __init__(
        self,
        ssh: Ssh,
        servers: tuple[Destination, ...],
        folder: TunnelFolder,
        pipe: Pipe,
        ends: tuple[LocalEnd, ...],
    ) -> None:
        self.servers = servers
        self.ends = ends
        """The ends on this machine, in the order of the servers."""
        self._ssh = ssh
        self._folder = folder
        self._pipe: Pipe | None = pipe

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def is_open(self) -> bool:
        """Return whether ssh still runs.

        If it has ended, also if another process has opened the tunnel again since, with other ends, close
        this lease and open another one.
        """
        return self._pipe is not None and self._pipe.is_read() and self._folder.ends() == self.ends

    def is_gone_within(self, seconds: float) -> bool:
        """Wait until ssh has ended; False if it has not after `seconds`. Blocking."""
        return self._pipe is None or self._pipe.unread_within(seconds)

    def said_bytes(self) -> int:
        """Return how much ssh has written until now, for `refusal`."""
        return self._folder.said_bytes()

    def refusal(self, since: int) -> TunnelError | None:
        """Return what the bastion said of an attempt to connect; None if nothing."""
        return refused_forward(self._ssh, self.servers, self._folder.said(since))

    def last_words(self) -> str:
        """Return what ssh has written last."""
        return last_words(self._folder.said())

    def keep_across_exec(self) -> None:
        """Let the program that replaces this process keep the tunnel open."""
        if self._pipe is not None:
            os.set_inheritable(self._pipe.descriptor, True)  # noqa: FBT003 - it takes no names

    def close(self) -> None:
        """Leave the tunnel. ssh ends if this was its last user."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()
