"""A real sshd on loopback, with its own host key and one key that may log in as the current user."""

from __future__ import annotations

import os
import pwd
import secrets
import shlex
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from support.own_process import wait_until

PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
SSHD, SSH, KEYGEN = (shutil.which(name, path=PATH) for name in ("sshd", "ssh", "ssh-keygen"))
USABLE = None not in (SSHD, SSH, KEYGEN)

CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin yes
PrintMotd no
"""

# The default key exchange takes 0.1 s of both sides.
CLIENT = """\
Host bastion inner
  HostName 127.0.0.1
  Port {port}
  User {user}
  IdentityFile {folder}/user
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  KexAlgorithms curve25519-sha256
Host inner
  ProxyJump bastion
"""


class Sshd:
    """The server. Use as a context manager; at its end, it and its sessions are gone."""

    def __init__(self, more: str = "") -> None:
        """`more`: lines of its configuration."""
        self._more = more

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="koonj-sshd-", dir="/tmp"))
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        for name in ("host", "user"):
            subprocess.run(
                (str(KEYGEN), "-q", "-t", "ed25519", "-N", "", "-f", str(self._folder / name)), check=True
            )
        (self._folder / "config").write_text(CONFIG.format(port=self.port, folder=self._folder) + self._more)
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where sshd gives up its rights
        self._server = subprocess.Popen(
            (str(SSHD), "-D", "-e", "-f", str(self._folder / "config")), stderr=subprocess.DEVNULL
        )
        wait_until(self._answers)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.terminate()
        self._server.wait(10)
        shutil.rmtree(self._folder)

    def client_config(self, more: str = "") -> Path:
        """Return a file for `ssh -F`: its host ``bastion`` is this server, ``inner`` is it through ``bastion``."""
        file = self._folder / f"client-{secrets.token_hex(4)}"
        user = pwd.getpwuid(os.geteuid()).pw_name
        file.write_text(more + CLIENT.format(port=self.port, folder=self._folder, user=user))
        key = (self._folder / "host.pub").read_text()
        (self._folder / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {key}")
        return file

    def locked_config(self, passphrase: str) -> Path:
        """Return such a file with a key that has a passphrase, and without known hosts."""
        key = self._folder / f"locked-{secrets.token_hex(4)}"
        shutil.copy(self._folder / "user", key)
        key.chmod(0o600)
        subprocess.run((str(KEYGEN), "-q", "-p", "-P", "", "-N", passphrase, "-f", str(key)), check=True)
        first = f"Host *\n  IdentityAgent none\n  UserKnownHostsFile {key}.hosts\n"
        file = self.client_config(first)
        file.write_text(file.read_text().replace(f"IdentityFile {self._folder}/user", f"IdentityFile {key}"))
        return file

    def login(self, folder: Path, command: tuple[str, ...], environ: Mapping[str, str]) -> tuple[str, ...]:
        """Return the command that runs `command` in a terminal over ssh."""
        variables = shlex.join(("env", *(f"{name}={value}" for name, value in environ.items())))
        remote = f"cd {shlex.quote(str(folder))} && exec {variables} {shlex.join(command)}"
        options = (
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
            "IdentitiesOnly=yes",
        )
        return (
            str(SSH),
            "-tt",
            *(word for option in options for word in ("-o", option)),
            *("-F", "none", "-i", str(self._folder / "user"), "-p", str(self.port), "127.0.0.1", remote),
        )

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                return line.recv(4) == b"SSH-"
        except OSError:
            return False


def clients(config: Path) -> list[int]:
    """Return the process ids of the ssh that use this file, also those of a ProxyJump."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended
        if words[0].endswith(b"ssh") and os.fsencode(config) in words:
            found.append(int(folder.name))
    return found
