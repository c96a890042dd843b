"""Keep the process of a run alive when its user logs out, on machines that end all processes of a user then.

systemd-logind does that if KillUserProcesses is on. It ends the control group of the login session, which a
process does not leave by setsid(). A process in the user's own manager stays, if the user may linger.
https://www.freedesktop.org/software/systemd/man/latest/logind.conf.html
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from koonj.child_environment import for_program
from koonj.postgres.run_name import SHORT_ID, os_user

_LOGIN = "org.freedesktop.login1"
_MANAGER = (_LOGIN, "/org/freedesktop/login1", f"{_LOGIN}.Manager")
_USER = (_LOGIN, "/org/freedesktop/login1/user/self", f"{_LOGIN}.User")
_SYSTEMD = "org.freedesktop.systemd1"
_START = (_SYSTEMD, "/org/freedesktop/systemd1", f"{_SYSTEMD}.Manager", "StartTransientUnit")
_SECONDS = 2.0
_MOVE_SECONDS = 1.0
"""Seconds until systemd has moved a process, after it was asked to."""
_SESSION_SCOPE = re.compile(r"/session-[^/]+\.scope(/|$)", re.MULTILINE)

ENABLE_LINGER = (
    "This machine ends your processes when you log out, and the run with them. "
    "Stay logged in, or run once: loginctl enable-linger"
)
NOT_MOVED = (
    "This machine ends your processes when you log out, and koonj could not take the run out of your login "
    "session. Stay logged in until the run has ended."
)


def keep_after_logout(pid: int, run_id: str, proc: Path = Path("/proc")) -> str:
    """Move process `pid` out of the login session, if its end would end the process.

    Return a warning if it stays there; empty if there is nothing to say. That is also the answer if this
    machine has no systemd, or does not tell.
    """
    if not _is_in_session(proc, pid) or not _ends_processes():
        return ""
    if _busctl("get-property", *_USER, "Linger") != ["b true"]:
        return ENABLE_LINGER
    properties = ("2", "PIDs", "au", "1", str(pid), "CollectMode", "s", "inactive-or-failed", "0")
    unit = (f"koonj-{run_id[:SHORT_ID]}.scope", "fail")
    _busctl("--user", "call", *_START, "ssa(sv)a(sa(sv))", *unit, *properties)
    end = time.monotonic() + _MOVE_SECONDS
    while (stays := _is_in_session(proc, pid)) and time.monotonic() < end:
        time.sleep(0.02)
    return NOT_MOVED if stays else ""


def _ends_processes() -> bool:
    """Return whether the machine ends the processes of this user at logout."""
    found = _busctl("get-property", *_MANAGER, "KillUserProcesses", "KillOnlyUsers", "KillExcludeUsers")
    if len(found) != 3 or found[0] != "b true":
        return False
    user, only, excluded = f'"{os_user()}"', found[1], found[2]
    return user not in excluded.split() and (only == "as 0" or user in only.split())


def _is_in_session(proc: Path, pid: int) -> bool:
    with suppress(OSError):
        return _SESSION_SCOPE.search((proc / str(pid) / "cgroup").read_text()) is not None
    return False


def _busctl(*arguments: str) -> list[str]:
    """Return the lines that busctl prints; none if it cannot be run or fails."""
    program = shutil.which("busctl", path=os.environ.get("PATH", os.defpath))
    if program is None:
        return []
    try:
        done = subprocess.run(  # noqa: S603 - the system's own program
            (program, *arguments),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=True,
            env=for_program(),
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.splitlines()
