"""The lines of the targets: at no width is a word cut, or an ellipsis alone."""

from __future__ import annotations

import re

from koonj.config import Target
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.connector import ServerInfo
from koonj.runner.target.status import TargetStatus
from koonj.tui.render.target_lines import target_lines
from koonj.tui.state.snapshot import Check
from koonj.tui.toolkit.strips import strip

WORDS = ("protected", "conflict", "applied", "pending", "refreshing", "unreachable")


def migration(number: int, state: State, *, applied: bool) -> MigrationStatus:
    return MigrationStatus(number, f"{number:03}_t.sql", state, None, None, applied, allowed=False)


def check(name: str, problem: ConnectProblem | None = None) -> Check:
    target = Target(name, "host=localhost", protected=True)
    server = ServerInfo("18.6", 18, "app", "migrator", "localhost", 0.001)
    migrations = tuple(migration(n, State.APPLIED, applied=True) for n in range(1, 15))
    migrations = (
        *migrations,
        migration(15, State.EDITED, applied=True),
        migration(16, State.PENDING, applied=False),
    )
    status = TargetStatus(name, "host=localhost", protected=True, server=server, migrations=migrations)
    if problem is not None:
        status = TargetStatus(
            name, "host=localhost", protected=True, server=None, error="no", problem=problem
        )
    return Check(target, status, since=1.0)


def test_no_word_is_cut_at_any_width() -> None:
    checks = (check("local"), check("staging"), check("production", ConnectProblem.UNREACHABLE))
    lines = ((line, width) for width in range(34, 140) for line in target_lines(checks, "local", width))
    for line, width in lines:
        text = strip(line, width).text.rstrip()
        assert not re.search(r"(^|\s)…", text), text
        for cut in re.findall(r"(\w+)…", text):
            assert not any(word.startswith(cut) for word in WORDS), text
