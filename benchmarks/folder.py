"""Measure reading and checking a folder of migrations against sha256sum of the same files.

    python benchmarks/folder.py [FILES]        default: 10,000 files of about 700 bytes

The goals are ratios to sha256sum in the same run. A second read of an unchanged folder only calls stat.
`koonj check` is measured as a whole process: cold (nothing is cached) and after CHANGED files changed.
"""

import os
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
Work = tuple[Callable[[], object], Callable[[], object]]
"""What must be done before, and what is measured."""
AIM = 2.0
COLD, WARM = 11.0, 3.3
"""Goals of `koonj check`: 1 s and 0.3 s where sha256sum takes 0.09 s."""
CHANGED = 10
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


def side_by_side(works: Sequence[Work]) -> list[float]:
    """Return the median of each in ms.

    They run in turns, so that a busy machine slows all of them equally. What must be done before a work does
    not count.
    """
    times: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for (before, work), taken in zip(works, times, strict=True):
            before()
            start = time.perf_counter()
            work()
            taken.append((time.perf_counter() - start) * 1000)
    return [statistics.median(taken) for taken in times]


def nothing() -> None:
    """Do nothing."""


def python_start() -> None:
    subprocess.run([sys.executable, "-c", "pass"], check=True)


def sha256sum(folder: Path) -> None:
    program = shutil.which("sha256sum")
    if program is None:
        sys.exit("no sha256sum on this machine")
    # One process for all files. The names are relative, because 10,000 absolute ones are too long for it.
    script = f"exec {program} *.sql >/dev/null"
    subprocess.run(["sh", "-c", script], cwd=folder, check=True)


class CheckCommand:
    """Run `koonj check` with a cache folder of its own."""

    def __init__(self, folder: Path, cache: Path) -> None:
        self._command = [sys.executable, "-m", "koonj", "check", "--migrations", str(folder)]
        self._folder, self._cache, self._round = folder, cache, 0
        self._environ = {**os.environ, "XDG_CACHE_HOME": str(cache)}

    def run(self) -> None:
        subprocess.run(
            self._command, cwd=self._cache, env=self._environ, check=True, stdout=subprocess.DEVNULL
        )

    def forget(self) -> None:
        shutil.rmtree(self._cache / "koonj", ignore_errors=True)

    def change(self) -> None:
        """Change some files, which are then read again."""
        self._round += 1
        files = sorted(self._folder.glob("*.sql"))
        for file in files[:: max(1, len(files) // CHANGED)]:
            file.write_text(file.read_text(encoding="utf-8") + f"-- {self._round}\n", encoding="utf-8")


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
        cache = folder / "cache"
        cache.mkdir()
        command = CheckCommand(folder, cache)
        works: list[Work] = [
            (nothing, lambda: sha256sum(folder)),
            (nothing, lambda: FolderReader(folder).read()),
            (nothing, reader.read),
            (nothing, lambda: states(found, entries)),
            (nothing, python_start),
            (command.forget, command.run),
            (command.change, command.run),
        ]
        lines = (
            ("sha256sum", None),
            ("first read", AIM),
            ("read again, nothing changed", None),
            ("states, all applied", None),
            ("python -c pass", None),
            ("koonj check, nothing cached", COLD),
            (f"koonj check, {CHANGED} files changed", WARM),
        )
        taken = side_by_side(works)
        print(f"{files} files, median of {ROUNDS}:")
        for (what, goal), milliseconds in zip(lines, taken, strict=True):
            aim = "" if goal is None else f"   (goal: {goal:.1f} x)"
            print(f"  {what:31}{milliseconds:8.1f} ms{milliseconds / taken[0]:8.2f} x{aim}")


if __name__ == "__main__":
    main()
