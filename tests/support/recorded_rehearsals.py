"""A small program that repeats recorded output of rehearsals, to test the screen."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent
from typing import Any

from koonj.postgres.advisory_lock import LockHolder
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
folder = Path(sys.argv[1])
words = sys.argv[2:]
with open(folder / "calls", "a") as calls:
    calls.write(json.dumps(words) + "\\n")
def end(*_):
    (folder / f"ended-{os.getpid()}").touch()
    os._exit(6)
signal.signal(signal.SIGTERM, end)
def print_event(event, **content):
    print(json.dumps({"koonj": 1, "event": event, **content}), flush=True)
def wait_while_paused(name):
    while (folder / f"paused-{name}").exists():
        time.sleep(0.01)
recorded = json.loads((folder / "recorded").read_text())
if words[0] == "drift":
    wait_while_paused("drift")
    print(json.dumps({"koonj": 1, "command": "drift", **recorded["drift"]}))
    raise SystemExit(0)
if "failure" in recorded:
    print_event("rehearsal_finished", result="failed", message=recorded["failure"], hint="", not_verified=[])
    raise SystemExit(1)
names = [word for word in words if word.endswith(".sql")]
cached = "--cached" in words
if cached:
    names = [name for name in names if name in recorded.get("cached", [])]
if "holder" in recorded and not cached:
    print_event("waiting_for_scratch", holder=recorded["holder"], seconds=0.1)
    wait_while_paused("scratch")
print_event("rehearsal_started", server="PostgreSQL 18.6", major=18, like=None, names=names, notes=[])
for index, name in enumerate(names, 1):
    print_event("migration_rehearsal_started", name=name, index=index, of=len(names))
    wait_while_paused(name)
    if name in recorded:
        print_event("migration_rehearsal_finished", index=index, of=len(names), cached=cached, rehearsal=recorded[name])
print_event("rehearsal_finished", result="done", message="done", hint="", not_verified=[])
"""


class RecordedRehearsals:
    """The program, and its output for each migration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        (folder / "program.py").write_text(dedent(_PROGRAM))
        self._recorded: dict[str, Any] = {}
        self._write()

    @property
    def program(self) -> Sequence[str]:
        """The command line that runs it."""
        return (sys.executable, str(self.folder / "program.py"), str(self.folder))

    def set_rehearsals(self, *rehearsals: Rehearsal) -> None:
        """Return these verdicts from now on."""
        self._recorded.update({r.name: to_plain(r) for r in rehearsals})
        self._write()

    def set_cached(self, *names: str) -> None:
        """Have stored verdicts of these files, as an earlier koonj left them."""
        self._recorded["cached"] = list(names)
        self._write()

    def set_holder(self, holder: LockHolder) -> None:
        """Wait for this session, as long as `pause_at("scratch")` says."""
        self._recorded["holder"] = to_plain(holder)
        self._write()

    def set_drift(self, document: dict[str, Any]) -> None:
        self._recorded["drift"] = document
        self._write()

    def set_failure(self, message: str | None) -> None:
        """Fail every rehearsal with this message; None: succeed again."""
        self._recorded.pop("failure", None)
        if message is not None:
            self._recorded["failure"] = message
        self._write()

    def _write(self) -> None:
        (self.folder / "recorded").write_text(json.dumps(self._recorded))

    def pause_at(self, name: str) -> None:
        """Print nothing more once it is the turn of that file."""
        (self.folder / f"paused-{name}").touch()

    def resume(self, name: str) -> None:
        (self.folder / f"paused-{name}").unlink()

    @property
    def calls(self) -> list[list[str]]:
        """The arguments of each call."""
        path = self.folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    @property
    def requested_names(self) -> list[list[str]]:
        """The file names of each call that rehearses."""
        calls = [words for words in self.calls if "--cached" not in words]
        return [[word for word in words if word.endswith(".sql")] for words in calls]

    @property
    def terminated_calls(self) -> int:
        """The number of calls that were told to end before they had finished."""
        return len(list(self.folder.glob("ended-*")))


AT = datetime.fromtimestamp(1_793_800_000, UTC)


def rehearsal(name: str, verdict: Verdict = Verdict.VERIFIED, message: str = "", **more: Any) -> Rehearsal:
    """Return a rehearsal of a migration, with default values for everything else."""
    message = message or "The rollback restores the schema exactly, and the migration can be applied again."
    values = {"cache_key": "", "server": "PostgreSQL 18.6", "major": 18, "at": AT, **more}
    return Rehearsal(
        name=name, number=int(name.partition("_")[0]), verdict=verdict, message=message, **values
    )


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
