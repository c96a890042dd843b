"""A folder of migrations and its history entries, added one after the other."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from koonj.migrations.folder import FolderReader
from koonj.migrations.history_entry import Action, HistoryEntry, Outcome
from koonj.migrations.migration import Migration
from koonj.migrations.state_rules import MigrationStatus, State, states

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

TEXT = """\
-- Makes t.
BEGIN;
CREATE TABLE t (id int);
COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE t;
-- COMMIT;
"""
COSMETIC = TEXT.replace("-- Makes t.", "-- Makes the table t.").replace("\n", "\r\n")
EDITED = TEXT.replace("id int", "id bigint")
EDITED_MORE = TEXT.replace("id int", "id numeric")
ROLLBACK_EDITED = TEXT.replace("DROP TABLE t", "DROP TABLE IF EXISTS t")
IN_STEPS = """\
CREATE INDEX CONCURRENTLY a ON t (id);
CREATE INDEX CONCURRENTLY b ON t (id);
-- Rollback:
-- DROP INDEX CONCURRENTLY b;
-- DROP INDEX CONCURRENTLY a;
"""


def own_text(name: str, text: str = TEXT) -> str:
    """Return the text with a table of its own, so that no file looks like a renamed one."""
    return re.sub(r"\bt\b(?= \(|;)", "t_" + re.sub(r"\W", "_", name), text)


class Story:
    """Files and history entries, added one after the other."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[HistoryEntry] = []
        self.reader = FolderReader(path)

    def write(self, name: str, text: str = TEXT) -> "Story":
        (self.path / name).write_bytes(own_text(name, text).encode())
        return self

    def remove(self, name: str) -> "Story":
        (self.path / name).unlink()
        return self

    def entry(self, name: str, action: Action, outcome: Outcome = Outcome.DONE, **values: object) -> "Story":
        """Add an entry for the current file, or for TEXT if there is no file."""
        found = {m.name: m for m in self.reader.read().migrations}
        prints = (found.get(name) or Migration.from_recorded(name, own_text(name))).fingerprints
        done = values.pop("done", 2 if outcome is Outcome.DONE else 0)
        entry = HistoryEntry(
            id=len(self.entries) + 1,
            name=name,
            action=action,
            outcome=outcome,
            file_hash=prints.file,
            statements_hash=prints.statements,
            rollback_hash=prints.rollback,
            statements_done=int(str(done)),
            statements_total=2,
            started=NOW,
            finished=None if outcome is Outcome.STARTED else NOW,
            reason=None,
            allowed=None,
            error=None,
            sqlstate=None,
            transaction_id=None,
            database_role="me",
            os_user="me",
            host="here",
            version="1",
            run_id="r",
        )
        self.entries.append(replace(entry, **values))  # type: ignore[arg-type] # the tests name fields of HistoryEntry
        return self

    def apply(self, name: str, outcome: Outcome = Outcome.DONE, **values: object) -> "Story":
        return self.entry(name, Action.APPLY, outcome, **values)

    def roll_back(self, name: str, outcome: Outcome = Outcome.DONE, **values: object) -> "Story":
        return self.entry(name, Action.ROLLBACK, outcome, **values)

    def allow(self, name: str, state: State, reason: str = "I know") -> "Story":
        return self.entry(name, Action.ALLOW, allowed=state.value, reason=reason)

    def statuses(self) -> tuple[MigrationStatus, ...]:
        return states(self.reader.read(), self.entries)

    def status(self, name: str) -> MigrationStatus:
        return next(e for e in self.statuses() if e.name == name)

    def states(self) -> dict[str, str]:
        return {e.name: e.state.value for e in self.statuses()}


A, B, C = "001_a.sql", "002_b.sql", "003_c.sql"
STARTED, DONE, FAILED = Outcome
