"""Refuse a project of another user, as git does with ``safe.directory``.

koonj searches koonj.toml upward. In a folder that several users share, another user could put one there.
See https://git-scm.com/docs/git-config#Documentation/git-config.txt-safedirectory.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

_TRUST = "If you trust this folder, run: koonj trust (in CI, set KOONJ_TRUST=1)."


def distrust(
    paths: Iterable[Path], shown: str, environ: Mapping[str, str], *, migrations: Path | None = None
) -> str | None:
    """Return why the project in these files and folders is not the user's own; None if it is.

    `shown`: how the message calls the project. `migrations`: a folder in which a new file is harmful too.
    """
    for path in (*paths, *([] if migrations is None else [migrations])):
        try:
            status = path.stat()
        except OSError:
            continue  # whoever reads it reports this
        if status.st_uid not in _owners(environ):
            return (
                f"koonj does not use {shown}, because {path} belongs to another user "
                f"({_user(status.st_uid)}), who could make koonj run commands as you. {_TRUST}"
            )
        if _others_write(status, may_add=path != migrations):
            return (
                f"koonj does not use {shown}, because other users can write to {path} and could make koonj "
                f"run commands as you. Remove their permission: chmod go-w {path}. {_TRUST}"
            )
    return None


def _owners(environ: Mapping[str, str]) -> frozenset[int]:
    """Return the ids of users whose files are as good as the user's own.

    Root can change everything anyway. Under sudo, root works in the folders of the user who called it.
    """
    uid = os.geteuid()
    caller = environ.get("SUDO_UID", "")
    called_by = {int(caller)} if uid == 0 and caller.isascii() and caller.isdigit() else set()
    return frozenset({0, uid, *called_by})


def _others_write(status: os.stat_result, *, may_add: bool) -> bool:
    """Return whether users other than the owner can write to a file or a folder.

    In a folder with the sticky bit, such as /tmp, nobody can replace the files of another user, but
    everybody can add some. `may_add`: whether that is allowed.
    """
    mode = status.st_mode
    if may_add and stat.S_ISDIR(mode) and mode & stat.S_ISVTX:
        return False
    if mode & stat.S_IWOTH:
        return True
    return bool(mode & stat.S_IWGRP) and not _is_private_group(status)


def _is_private_group(status: os.stat_result) -> bool:
    """Return whether the group is the owner's own, as many systems create it for each user.

    There, the usual umask lets the group write. The group has the name of its only member.
    """
    with suppress(KeyError):
        owner, group = pwd.getpwuid(status.st_uid), grp.getgrgid(status.st_gid)
        is_own = owner.pw_gid == group.gr_gid and owner.pw_name == group.gr_name
        return is_own and set(group.gr_mem) <= {owner.pw_name}
    return False


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
