"""Who sqitch would say deploys a change: the user of its configuration, else that of the machine.

Source: sqitch 1.3.1, App::Sqitch (user_name, user_email, sysuser) and App::Sqitch::Config.
"""

from __future__ import annotations

import os
import pwd
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from koonj.migrations.layouts.folder_listing import configuration_text
from koonj.migrations.layouts.sqitch_settings import sqitch_values

_SYSTEM = "/etc/sqitch/sqitch.conf"


@dataclass(frozen=True, slots=True)
class Committer:
    """A user, as in the registry."""

    name: str
    mail: str


def committer(project: Committer) -> Committer:
    """Return the user. `project`: what the sqitch.conf of the project says; empty if it says nothing."""
    found = _of_configuration(project)
    account = os.environ.get("SQITCH_ORIG_SYSUSER") or _account()
    return Committer(
        os.environ.get("SQITCH_FULLNAME")
        or found.name
        or os.environ.get("SQITCH_ORIG_FULLNAME")
        or _full_name(account),
        os.environ.get("SQITCH_EMAIL")
        or found.mail
        or os.environ.get("SQITCH_ORIG_EMAIL")
        or f"{account}@{socket.gethostname()}",
    )


def _of_configuration(project: Committer) -> Committer:
    """Return what the three files say: that of the project first, then the user's, then the system's."""
    places = (
        os.environ.get("SQITCH_USER_CONFIG") or str(Path.home() / ".sqitch" / "sqitch.conf"),
        os.environ.get("SQITCH_SYSTEM_CONFIG") or _SYSTEM,
    )
    name, mail = project.name, project.mail
    for place in places:
        values = sqitch_values(configuration_text(Path(place)) or "")
        name, mail = name or values.get("user.name", ""), mail or values.get("user.email", "")
    return Committer(name, mail)


def _account() -> str:
    """Return the name of the user who logged in, else that of the process."""
    with suppress(OSError):  # no terminal
        return os.getlogin()
    with suppress(KeyError):  # in a container, the uid can be without a name
        return pwd.getpwuid(os.getuid()).pw_name
    names = (os.environ.get(name) for name in ("LOGNAME", "USER", "USERNAME"))
    return next(filter(None, names), "unknown")


def _full_name(account: str) -> str:
    with suppress(KeyError):
        return pwd.getpwnam(account).pw_gecos or account
    return account
