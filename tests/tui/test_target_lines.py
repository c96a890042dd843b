"""The lines of the targets: at no width is a word cut, or an ellipsis alone."""

from __future__ import annotations

import re
from dataclasses import replace

from koonj.config import Target
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.states import State
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.connector import ServerInfo
from koonj.runner.target.status import TargetStatus
from koonj.tui.render.target_facts import card_facts, target_facts
from koonj.tui.render.target_lines import detail_lines, target_lines
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


def test_bastion_and_its_time_are_named_where_the_server_is() -> None:
    seen = check("production")
    assert seen.status is not None
    assert seen.status.server is not None
    server = replace(seen.status.server, through="bastion\x07", round_trip=0.048)
    through = replace(seen, status=replace(seen.status, server=server))
    for lines in (target_facts(through, 53), card_facts(through, 60, past=False)):
        texts = ["".join(text for text, _ in line) for line in lines]
        assert any("ssh        through bastion␇, 48.0 ms" in text for text in texts), texts
        assert sum("48.0 ms" in text for text in texts) == 1
    texts = [text for text, _ in detail_lines(through, 100)]
    assert "PostgreSQL 18.6, through bastion␇, round trip 48.0 ms" in texts[0]
    assert not any("ssh" in "".join(text for text, _ in line) for line in target_facts(seen, 53))
