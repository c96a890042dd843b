"""Measure reading a folder of migrations against sha256sum of the same files.

    python benchmarks/folder.py [FILES]        default: 10,000 files of about 700 bytes

The aim is at most twice the time of sha256sum. A second read of an unchanged folder only calls stat.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.state_rules import states

ROUNDS = 11
AIM = 2.0
TEXT = """\
-- {name}
-- Adds column c{number} to documents; every existing row has none.
BEGIN;

ALTER TABLE documents ADD COLUMN IF NOT EXISTS c{number} VARCHAR(50) DEFAULT 'active' NOT NULL;
COMMENT ON COLUMN documents.c{number} IS '{filler}';

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE documents DROP COLUMN IF EXISTS c{number};
-- COMMIT;
"""


def fill(folder: Path, files: int) -> None:
    for number in range(1, files + 1):
        name = f"{number:05d}_add_c{number}_to_documents.sql"
        text = TEXT.format(name=name, number=number, filler="x" * 290)
        (folder / name).write_text(text, encoding="utf-8")


def side_by_side(works: Sequence[Callable[[], object]]) -> list[float]:
    """Return the median of each in ms.

    They run in turns, so that a busy machine slows all of them equally.
    """
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            taken.append((time.perf_counter() - start) * 1000)
    return [statistics.median(taken) for taken in times]


def sha256sum(folder: Path) -> None:
    program = shutil.which("sha256sum")
    if program is None:
        sys.exit("no sha256sum on this machine")
    # One process for all files. The names are relative, because 10,000 absolute ones are too long for it.
    script = f"exec {program} *.sql >/dev/null"
    subprocess.run(["sh", "-c", script], cwd=folder, check=True)


def applied(folder: Folder) -> list[HistoryEntry]:
    now = datetime.now(UTC)
    return [
        HistoryEntry(
            id=number,
            name=m.name,
            action=Action.APPLY,
            outcome=Outcome.DONE,
            file_hash=m.file_hash,
            statements_hash="",
            rollback_hash="",
            statements_done=2,
            statements_total=2,
            started=now,
            finished=now,
            reason=None,
            allowed=None,
            error=None,
            sqlstate=None,
            transaction_id="1",
            database_role="r",
            os_user="u",
            host="h",
            version="1",
            run_id="r",
        )
        for number, m in enumerate(folder.migrations, 1)
    ]


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory(prefix="koonj-benchmark-") as name:
        folder = Path(name)
        fill(folder, files)
        time.sleep(2.1)  # newer files are read again, because their time stamps are not reliable yet
        reader = FolderReader(folder)
        found = reader.read()
        entries = applied(found)
        reference, first, second, judged = side_by_side(
            [
                lambda: sha256sum(folder),
                lambda: FolderReader(folder).read(),
                reader.read,
                lambda: states(found, entries),
            ]
        )
        print(f"{files} files, median of {ROUNDS}, ms:")
        print(f"  sha256sum                    {reference:8.1f}")
        print(f"  first read                   {first:8.1f}   {first / reference:.2f} x (aim: {AIM:.1f})")
        print(f"  read again, nothing changed  {second:8.1f}   {second / reference:.2f} x")
        print(f"  states, all applied          {judged:8.1f}")


if __name__ == "__main__":
    main()
