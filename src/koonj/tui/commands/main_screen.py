"""All commands of the main screen, in the order of the footer and the help."""

from koonj.tui.commands.application import (
    Back,
    CommandPalette,
    Help,
    NextPane,
    PaneMigrations,
    PanePreview,
    PaneRun,
    PaneTargets,
    PreviousPane,
    Quit,
    Repaint,
    Suspend,
    Theme,
)
from koonj.tui.commands.command import Command, Verbs
from koonj.tui.commands.editor import Edit, EditExternal
from koonj.tui.commands.navigation import MOVING
from koonj.tui.commands.panes import (
    Copy,
    Filter,
    Format,
    New,
    NextTab,
    Open,
    PreviousTab,
    Refresh,
    SearchSql,
    Targets,
    Wrap,
    Zoom,
)
from koonj.tui.commands.places import PROBLEMS, NextPending, PreviousPending
from koonj.tui.commands.runs import (
    ApplyAll,
    ApplyNext,
    Cancel,
    Drift,
    Rehearse,
    RollBackLast,
    Settle,
    Unblock,
)
from koonj.tui.commands.search import MATCHES
from koonj.tui.commands.targets import AllTargets, TargetHistory
from koonj.tui.commands.trust import Trust

MAIN: tuple[Command[Verbs], ...] = (
    Trust(),
    Open(),
    ApplyNext(),
    ApplyAll(),
    RollBackLast(),
    Settle(),
    Cancel(),
    Unblock(),
    New(),
    Edit(),
    Filter(),
    SearchSql(),
    NextTab(),
    PreviousTab(),
    Format(),
    Wrap(),
    Targets(),
    Rehearse(),
    Drift(),
    AllTargets(),
    TargetHistory(),
    EditExternal(),
    Refresh(),
    Copy(),
    Zoom(),
    CommandPalette(),
    Help(),
    Quit(),
    Back(),
    Repaint(),
    Theme(),
    Suspend(),
    NextPane(),
    PreviousPane(),
    PaneMigrations(),
    PanePreview(),
    PaneTargets(),
    PaneRun(),
    *MATCHES,
    *PROBLEMS,
    NextPending(),
    PreviousPending(),
    *MOVING,
)
