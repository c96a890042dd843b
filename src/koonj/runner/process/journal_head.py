"""The first 1,024 bytes of a journal: what the run is, how far it is, and its result.

They are written anew in place. So they need no further space on the disk: if it is full, the result still
gets in, and whoever lists runs reads only this much of each journal.
"""

from __future__ import annotations

import json
import os
import socket
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from koonj.postgres.run_name import os_user
from koonj.runner.run.codec import PlainError, from_plain, to_plain
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from koonj.runner.run.fleet_events import FleetStarted, Started

SIZE = 1024


@dataclass(frozen=True, slots=True)
class JournalHead:
    """What a journal says about its run in its first bytes."""

    run: str
    """UUID of the run."""
    target: str
    direction: Direction
    folder: str
    """The migrations folder; only its end if it is long."""
    folder_hash: str
    user: str
    host: str
    pid: int
    started: datetime
    wanted: int
    """Number of migrations in the plan."""
    committed: int = 0
    """Number of migrations that are committed."""
    migration: str = ""
    """File name of the migration that is running."""
    statement: int = 0
    """Number of the statement that is running, if that is known; else 0."""
    result: RunResult | None = None
    """None: the run is in progress, or its process ended without a result."""
    message: str = ""
    """The result in one or two sentences; only its start if it is long."""
    ended: datetime | None = None
    lost: int = 0
    """Number of lines that could not be written."""
    settles: str = ""
    """File name of the interrupted migration that the run settles; empty for an apply or a rollback."""
    targets: int = 0
    """Number of targets, if the run is one on several of them; then `target` is empty."""
    fleet: str = ""
    """UUID of the run on several targets of which this is a part; empty: of none."""


def new_head(started: Started, folder: Path) -> JournalHead:
    """Return the head of a run that starts in this process. `folder`: its migrations."""
    return JournalHead(
        run=started.run_id,
        target="" if isinstance(started, FleetStarted) else started.target,
        direction=started.direction,
        folder=str(folder),
        folder_hash=folder_hash(folder),
        user=os_user(),
        host=socket.gethostname(),
        pid=os.getpid(),
        started=datetime.now(UTC),
        wanted=0,
        settles="" if isinstance(started, FleetStarted) else started.settles,
        targets=len(started.targets) if isinstance(started, FleetStarted) else 0,
    )


def folder_hash(folder: Path) -> str:
    """Return what identifies a folder of migrations on this machine."""
    return sha256(os.fsencode(os.path.realpath(folder))).hexdigest()[:16]


_LONG = ("target", "folder", "user", "host", "migration", "settles")
_MOST = (160, 80, 40, 20, 5)
"""Characters of each long value: as many as fit. A character outside ASCII takes up to 12 bytes."""


def encode(head: JournalHead) -> bytes:
    """Return the head as exactly SIZE bytes: one line of JSON, padded with blanks."""
    for most in _MOST:
        shown = replace(head, **{name: getattr(head, name)[-most:] for name in _LONG})
        message = head.message[:SIZE]
        while len(text := _with_checksum(replace(shown, message=message))) >= SIZE and message:
            message = message[: len(message) * 3 // 4]
        if len(text) < SIZE:
            break
    return text.ljust(SIZE - 1).encode("ascii") + b"\n"


def decode(raw: bytes) -> JournalHead | None:
    """Return the head of a journal; None if it is not whole, because it is being written just now."""
    try:
        data = json.loads(raw.decode("ascii"))
        checksum = data.pop("checksum")
        if checksum != zlib.crc32(json.dumps(data).encode("ascii")):
            return None
        return from_plain(JournalHead, data)
    except (ValueError, KeyError, AttributeError, TypeError, PlainError):
        return None


def _with_checksum(head: JournalHead) -> str:
    data = to_plain(head)
    return json.dumps({**data, "checksum": zlib.crc32(json.dumps(data).encode("ascii"))})
