"""The words of the screen for a probe."""

from koonj.runner.run.direction import Direction
from koonj.runner.run.events import MigrationProbed, MigrationStarted, RunFinished, RunResult
from koonj.tui.state.log_line import Tone, result_words
from koonj.tui.state.run import RunView
from koonj.tui.state.run_events import fold


def test_probed_is_shown_without_a_problem() -> None:
    view = fold(
        RunView("local", Direction.APPLY, 0.0),
        (
            MigrationStarted("001_x.sql", Direction.APPLY, 1, 1, 2, in_transaction=True),
            MigrationProbed("001_x.sql", Direction.APPLY, 0.25, 2),
            RunFinished(RunResult.PROBED, "Probed 1 migration on local. Everything was rolled back."),
        ),
    )
    assert [(line.tone, line.text) for line in view.log] == [
        (Tone.DONE, "probed 001_x.sql, 2 statements, 0.25 s, to be rolled back")
    ]
    assert view.migration is None
    assert not view.has_problem
    assert {result_words(verdict)[1] for verdict in RunResult} >= {"probed"}
