"""Which states of migrations the first line names as concerns."""

from __future__ import annotations

from dataclasses import replace

from koonj.migrations.states import State
from koonj.tui.render.headline import WEIGHTS, concerns
from support.screen import Project


async def test_a_decided_conflict_is_no_concern(project: Project) -> None:
    project.table(1)
    project.table(2)
    async with project.open((100, 30)) as screen:
        snapshot = screen.main.snapshot
    check = snapshot.check
    assert check.status is not None
    assert concerns(snapshot) == ()
    for state in State:
        first, second = check.status.migrations
        for allowed in (False, True):
            status = replace(check.status, migrations=(replace(first, state=state, allowed=allowed), second))
            changed = replace(check, status=status)
            checks = tuple(changed if one is check else one for one in snapshot.checks)
            found = concerns(replace(snapshot, checks=checks))
            named = [concern.text for concern in found if "001" in concern.text]
            assert bool(named) is (state in WEIGHTS and not allowed), (state, allowed, found)
