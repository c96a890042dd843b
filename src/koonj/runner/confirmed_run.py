"""Hand over a run that was confirmed to another koonj process, as lines of JSON.

The lines contain the environment, the connection string and the password, so they go through a pipe. The
arguments and the first environment of a process can be read by others, and its children inherit them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from koonj import child_environment
from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import FolderReader
from koonj.postgres.activity import RelationFacts
from koonj.postgres.connector import Connector
from koonj.postgres.kept_passwords import KeptPasswords
from koonj.postgres.server_info import ServerInfo
from koonj.runner.impact.measurement import ImpactMeasurement
from koonj.runner.plan.planner import ShownPlan
from koonj.runner.preparation import Confirmation, Job
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.codec import from_plain, json_text, to_plain
from koonj.runner.run.movable_run import MovableRun
from koonj.runner.run.planned import Plan
from koonj.runner.run.request import Request
from koonj.runner.settle import ConfirmedSettlement, movable_settlement
from koonj.runner.start import movable

_SETTLEMENT = "settlement"
_END = b"confirmed\n"
"""Last line. Without it, the process that wrote the lines has ended before it had written all of them."""


Confirmed = Confirmation | ConfirmedSettlement
"""What the user has confirmed: the plan of an apply or a rollback, or a decision about an interruption."""


def movable_run(confirmed: Confirmed, passwords: KeptPasswords | None = None) -> MovableRun:
    """Return the run of what was confirmed, for any process. `passwords`: those that were read for it."""
    if isinstance(confirmed, ConfirmedSettlement):
        return movable_settlement(confirmed, passwords)
    return replace(movable(confirmed), passwords=passwords)


def lines_of(
    confirmed: Confirmed,
    environ: Mapping[str, str] = os.environ,
    passwords: KeptPasswords | None = None,
) -> Iterator[bytes]:
    """Yield the lines that `read_confirmed` reads. `passwords`: of them, that of the target is handed over.

    Each migration is a line of its own, so that making the lines does not hold other threads up for long.
    """
    password = _target(confirmed).password
    yield _line(
        {
            "environ": child_environment.handed_over(environ),
            "password": [] if passwords is None else passwords.to_plain(password),
        }
    )
    if isinstance(confirmed, ConfirmedSettlement):
        yield _line({_SETTLEMENT: to_plain(confirmed)})
    else:
        yield from _lines_of_plan(confirmed)
    yield _END


def _target(confirmed: Confirmed) -> Target:
    return confirmed.target if isinstance(confirmed, ConfirmedSettlement) else confirmed.job.target


def _lines_of_plan(confirmation: Confirmation) -> Iterator[bytes]:
    job, measured, shown = confirmation.job, confirmation.measurement, confirmation.shown
    yield _line(
        {
            "run_id": confirmation.run_id,
            "folder": str(job.reader.path),
            "layout": job.reader.layout,
            "target": to_plain(job.target),
            "request": {**to_plain(job.request), "allow": sorted(job.request.allow)},
            "place": to_plain(job.place),
            "signature": sorted(shown.signature),
            "decided": sorted(shown.decided),
            "server": to_plain(measured.server),
            "notes": measured.notes,
            "reason": measured.reason,
        }
    )
    yield _line(to_plain(replace(shown.plan, migrations=())))
    for migration in shown.plan.migrations:
        yield _line({"migration": to_plain(migration)})
    for name, rehearsal in measured.rehearsals.items():
        yield _line({"name": name, "rehearsal": to_plain(rehearsal)})
    for name, facts in measured.facts.items():
        yield _line({"name": name, "facts": to_plain(facts)})


def _line(value: object) -> bytes:
    return json_text(value).encode("ascii") + b"\n"


def read_confirmed(lines: Iterator[bytes]) -> tuple[Confirmed, KeptPasswords] | None:
    """Read a confirmed run and its passwords, and set the environment that it brings. None: not confirmed.

    Raises:
        PlainError, ValueError, KeyError: the lines are not those of this version of koonj.
    """
    read: list[bytes] = []
    for line in lines:
        if line == _END:
            secrets, first, *others = map(json.loads, read)
            os.environ.update(secrets["environ"])
            confirmed: Confirmed
            if _SETTLEMENT in first:
                confirmed = from_plain(ConfirmedSettlement, first[_SETTLEMENT])
            else:
                confirmed = _confirmation(first, *others)
            passwords = KeptPasswords()
            passwords.add_plain(_target(confirmed).password, secrets["password"])
            return confirmed, passwords
        read.append(line)
    return None


def _confirmation(first: Mapping[str, Any], plan: Any, *parts: Mapping[str, Any]) -> Confirmation:
    target, place = from_plain(Target, first["target"]), from_plain(ScratchPlace, first["place"])
    request = _request(first["request"])
    reader = FolderReader(Path(first["folder"]), layout=first["layout"])
    job = Job(Connector(), target, reader, request, place)
    confirmation = Confirmation(job, first["run_id"])
    confirmation.shown = ShownPlan(
        from_plain(Plan, {**plan, "migrations": [one["migration"] for one in parts if "migration" in one]}),
        frozenset((name, file_hash, done) for name, file_hash, done in first["signature"]),
        frozenset((name, state) for name, state in first["decided"]),
    )
    confirmation.measurement = ImpactMeasurement(
        *(job.connector, place, job.reader, target, request, from_plain(ServerInfo, first["server"])),
        rehearsals={
            one["name"]: from_plain(Rehearsal, one["rehearsal"]) for one in parts if "rehearsal" in one
        },
        facts={one["name"]: from_plain(RelationFacts, one["facts"]) for one in parts if "facts" in one},
        notes=tuple(first["notes"]),
        reason=first["reason"],
    )
    return confirmation


def _request(data: Mapping[str, Any]) -> Request:
    values = {name: value for name, value in data.items() if name != "allow"}
    return replace(from_plain(Request, values), allow=frozenset(data["allow"]))
