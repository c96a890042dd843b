"""A small program that repeats recorded output of rehearsals, to test the screen."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

from koonj.postgres.catalog.catalog import Difference
from koonj.postgres.locks.trace import (
    ConstraintChange,
    LockMode,
    RelationChange,
    RelationLock,
    Scan,
    StatementTrace,
)
from koonj.runner.rehearse.verdict import Rehearsal, RehearsalFailure, Verdict
from koonj.runner.run.codec import to_plain

_PROGRAM = """
import json, os, signal, sys, time
from pathlib import Path
place = Path(sys.argv[1])
words = sys.argv[2:]
with open(place / "calls", "a") as calls:
    calls.write(json.dumps(words) + "\\n")
def end(*_):
    (place / f"ended-{os.getpid()}").touch()
    os._exit(6)
signal.signal(signal.SIGTERM, end)
def say(event, **content):
    print(json.dumps({"koonj": 1, "event": event, **content}), flush=True)
def hold(name):
    while (place / f"hold-{name}").exists():
        time.sleep(0.01)
recorded = json.loads((place / "recorded").read_text())
if words[0] == "drift":
    hold("drift")
    print(json.dumps({"koonj": 1, "command": "drift", **recorded["drift"]}))
    raise SystemExit(0)
if "trouble" in recorded:
    say("rehearsal_finished", result="failed", message=recorded["trouble"], hint="", not_verified=[])
    raise SystemExit(1)
names = [word for word in words if word.endswith(".sql")]
say("rehearsal_started", server="PostgreSQL 18.6", major=18, like=None, names=names, notes=[])
for index, name in enumerate(names, 1):
    say("migration_rehearsal_started", name=name, index=index, of=len(names))
    hold(name)
    if name in recorded:
        say("migration_rehearsal_finished", index=index, of=len(names), cached=False, rehearsal=recorded[name])
say("rehearsal_finished", result="done", message="done", hint="", not_verified=[])
"""


class Recorded:
    """The program, and its output for each migration."""

    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir(exist_ok=True)
        (place / "program.py").write_text(dedent(_PROGRAM))
        self._said: dict[str, Any] = {}
        self._keep()

    @property
    def program(self) -> Sequence[str]:
        """The command line that runs it."""
        return (sys.executable, str(self.place / "program.py"), str(self.place))

    def says(self, *rehearsals: Rehearsal) -> None:
        """Return these verdicts from now on."""
        self._said.update({r.name: to_plain(r) for r in rehearsals})
        self._keep()

    def says_of_drift(self, document: dict[str, Any]) -> None:
        self._said["drift"] = document
        self._keep()

    def fails(self, message: str | None) -> None:
        """Fail every rehearsal with this message; None: succeed again."""
        self._said.pop("trouble", None)
        if message is not None:
            self._said["trouble"] = message
        self._keep()

    def _keep(self) -> None:
        (self.place / "recorded").write_text(json.dumps(self._said))

    def hold(self, name: str) -> None:
        """Print nothing more once it is the turn of that file."""
        (self.place / f"hold-{name}").touch()

    def let_go(self, name: str) -> None:
        (self.place / f"hold-{name}").unlink()

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call."""
        path = self.place / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def asked(self) -> list[list[str]]:
        """The file names of each call."""
        return [[word for word in words if word.endswith(".sql")] for words in self.calls]

    @property
    def ended(self) -> int:
        """The number of calls that were told to end before they had finished."""
        return len(list(self.place.glob("ended-*")))


AT = datetime.fromtimestamp(1_793_800_000, UTC)


def rehearsal(name: str, verdict: Verdict = Verdict.VERIFIED, message: str = "", **more: Any) -> Rehearsal:
    """Return a rehearsal of a migration, with default values for everything else."""
    said = message or "The rollback restores the schema exactly, and the migration can be applied again."
    values = {"cache_key": "", "server": "PostgreSQL 18.6", "major": 18, "at": AT, **more}
    return Rehearsal(name=name, number=int(name.partition("_")[0]), verdict=verdict, message=said, **values)


def lock(relation: str, mode: LockMode, kind: str = "table", of: str | None = None) -> RelationLock:
    return RelationLock(f"public.{relation}", kind, mode, of=of and f"public.{of}")


VERIFIED = rehearsal(
    "002_index_documents_title.sql",
    apply=(
        StatementTrace(
            1,
            2,
            "create index concurrently documents_title_idx",
            in_transaction=False,
            seconds=0.0042,
            wal_bytes=16_384,
            locks=(lock("documents", LockMode.SHARE_UPDATE_EXCLUSIVE),),
            scanned=(Scan("public.documents", 2, 0),),
            relations=(RelationChange("public.documents_title_idx", "index", "created", "public.documents"),),
            observed=True,
        ),
    ),
    rollback=(
        StatementTrace(
            1,
            5,
            "drop index concurrently documents_title_idx",
            in_transaction=False,
            seconds=0.0021,
            locks=(lock("documents", LockMode.SHARE_UPDATE_EXCLUSIVE),),
            observed=True,
        ),
    ),
    apply_seconds=0.0042,
    rollback_seconds=0.0021,
)
INCOMPLETE = rehearsal(
    "003_add_status.sql",
    Verdict.INCOMPLETE,
    "The rollback does not restore the schema: index documents_status_idx is not removed, and 2 more.",
    losses=("drops the column public.documents.language with its values",),
    differences=(
        Difference(
            "index",
            "public.documents_status_idx",
            None,
            "CREATE INDEX documents_status_idx ON public.documents USING btree (status)",
        ),
        Difference(
            "column",
            "public.documents.title",
            "ALTER TABLE public.documents ADD COLUMN title text NOT NULL",
            "ALTER TABLE public.documents ADD COLUMN title text DEFAULT ''::text NOT NULL",
        ),
        Difference(
            "comment", "TABLE public.documents", "COMMENT ON TABLE public.documents IS 'One file';", None
        ),
    ),
    findings=(
        "line 5: ACCESS EXCLUSIVE on documents is held while this statement scans or rewrites documents.",
    ),
    apply=(
        StatementTrace(
            1,
            3,
            "alter table documents add column status",
            in_transaction=True,
            seconds=0.0123,
            wal_bytes=8_192,
            locks=(
                lock("documents", LockMode.ACCESS_EXCLUSIVE),
                lock("documents_pkey", LockMode.ACCESS_EXCLUSIVE, "index", "documents"),
            ),
            rewritten=("public.documents",),
            rebuilt=("public.documents_pkey",),
        ),
        StatementTrace(
            2,
            4,
            "alter table chunks add constraint chunks_document_fk",
            in_transaction=True,
            seconds=0.0011,
            locks=(
                lock("documents", LockMode.SHARE_ROW_EXCLUSIVE),
                lock("chunks", LockMode.SHARE_ROW_EXCLUSIVE),
            ),
            constraints=(
                ConstraintChange("public.chunks", "chunks_document_fk", "foreign key", "added_not_valid"),
            ),
        ),
    ),
    rollback=(
        StatementTrace(
            1,
            8,
            "alter table documents drop column status",
            in_transaction=True,
            seconds=0.001,
            locks=(lock("documents", LockMode.ACCESS_EXCLUSIVE),),
        ),
    ),
    apply_seconds=0.0134,
    rollback_seconds=0.001,
)
FAILS = rehearsal(
    "003_add_status.sql",
    Verdict.BROKEN,
    'The rollback fails: column "status" of relation "documents" does not exist',
    failure=RehearsalFailure(
        phase="rollback",
        name="003_add_status.sql",
        file="database/migrations/003_add_status.sql",
        statement=1,
        line=9,
        column=4,
        message='column "status" of relation "documents" does not exist',
        sqlstate="42703",
        hint="Perhaps it has another name.",
    ),
    apply=INCOMPLETE.apply[:1],
    apply_seconds=0.0123,
)
