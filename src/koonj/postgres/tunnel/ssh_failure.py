"""Say in ssh's own words why there is no tunnel, and what to do about it."""

from __future__ import annotations

import re

from koonj.config import Ssh
from koonj.postgres.tunnel.destination import Destination
from koonj.postgres.tunnel.errors import TunnelError

_MOST = 6
"""Lines of ssh that are shown: the last ones."""
_CUT = 400
"""Characters of a line that are shown."""
_REFUSED = re.compile(r"^channel \d+: open failed: (.+)$", re.MULTILINE)
_DUPLICATE = "open failed"

_HINTS: tuple[tuple[str, str], ...] = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "The host has another key than the one that you have accepted. Ask its administrator whether that is "
        "right before you change known_hosts.",
    ),
    (
        r"[Hh]ost key verification failed|host key is known for",
        "To see the host key and accept it, press R in the terminal UI, or run once: {command}",
    ),
    (
        r"Permission denied|Too many authentication failures",
        "To answer what ssh asks, press R in the terminal UI. Or load the key into the agent (ssh-add), "
        "until this works: {command}",
    ),
    (
        r"Could not resolve hostname",
        "Check the name, and the Host in ~/.ssh/config. The target names it at {where}.",
    ),
    (
        r"Address already in use|Could not request local forwarding|remote port forwarding failed",
        "ssh could not listen on this machine. If ~/.ssh/config has LocalForward or RemoteForward for this "
        "host, give koonj a Host of its own without them.",
    ),
    (
        r"[Bb]ad configuration option|[Cc]an't open user config|Bad owner or permissions|unknown option"
        r"|^usage: ssh|no argument after keyword|illegal option",
        "Correct the ssh configuration, or the options of the target at {where}.",
    ),
    (
        r"Connection refused|timed out|No route to host|Network is unreachable",
        "Check the host, its port and the network (VPN, firewall). To test it, run: {command}",
    ),
)
_LOGIN = r"Permission denied|Too many authentication failures|[Hh]ost key verification failed"
_TO_TEST = "To see what ssh does, run: {verbose}"


def failure(ssh: Ssh, said: str) -> TunnelError:
    """Return the error for an ssh that ended. `said`: what it wrote."""
    hint = next((hint for pattern, hint in _HINTS if re.search(pattern, said, re.MULTILINE)), _TO_TEST)
    message = f"No tunnel through {ssh.host}. ssh says: {last_words(said)}"
    return TunnelError(message, _filled(hint, ssh), login=re.search(_LOGIN, said) is not None)


def last_words(said: str) -> str:
    """Return the last lines that ssh wrote."""
    before = said.partition("\nusage: ssh")[0]  # the reason is above a page about all options
    lines = [line[:_CUT] for line in map(str.strip, before.splitlines()) if line]
    return "\n".join(lines[-_MOST:]) or "nothing"


def declined(ssh: Ssh) -> TunnelError:
    """Return the error for a question of ssh that the user did not answer."""
    message = f"No tunnel through {ssh.host}: you did not answer the question of ssh."
    return TunnelError(message, "To be asked again, press R on this target.", login=True)


def no_answer(ssh: Ssh, seconds: float) -> TunnelError:
    """Return the error for an ssh that neither forwards nor ends."""
    message = f"No tunnel through {ssh.host}: ssh has not finished its login in {seconds:.0f} s."
    return TunnelError(message, _filled(_TO_TEST, ssh))


def refused_forward(ssh: Ssh, servers: tuple[Destination, ...], said: str) -> TunnelError | None:
    """Return the error if the bastion could not connect to the server; None if ssh says nothing of that.

    `said`: what ssh wrote during the attempt.
    """
    reasons = _REFUSED.findall(said.replace("\r", ""))
    if not reasons:
        return None
    reason = reasons[-1].removesuffix(f": {_DUPLICATE}")[:_CUT]
    named = ", ".join(map(str, servers))
    message = f"{ssh.host} is reached, but cannot connect to {named}: {reason}."
    if "prohibited" in reason:
        return TunnelError(
            message,
            f"The ssh server of {ssh.host} does not allow this forward. Its administrator can: "
            "AllowTcpForwarding, AllowStreamLocalForwarding and PermitOpen in sshd_config.",
        )
    hint = f"Check host and port of the dsn: {ssh.host} must be able to reach them."
    if any(server.is_socket for server in servers):  # sshd gives the same reason for what it does not allow
        hint += " Its ssh server must allow forwards to Unix sockets (AllowStreamLocalForwarding)."
    return TunnelError(message, hint)


def _filled(hint: str, ssh: Ssh) -> str:
    verbose = f"ssh -v{ssh.command.removeprefix('ssh')}"
    return hint.format(command=ssh.command, verbose=verbose, where=ssh.where)
