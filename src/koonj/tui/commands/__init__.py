"""All commands of the main screen, in the order of footer and help."""

from koonj.tui.commands.changes import ApplyAll, ApplyNext, Cancel, RollBackLast
from koonj.tui.commands.command import Command
from koonj.tui.commands.copying import Copy
from koonj.tui.commands.everywhere import (
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
)
from koonj.tui.commands.layout import Zoom
from koonj.tui.commands.moving import MOVING
from koonj.tui.commands.panes import Edit, Filter, Format, New, Open, Refresh, SwitchText, Targets

MAIN: tuple[Command, ...] = (
    ApplyNext(),
    ApplyAll(),
    RollBackLast(),
    Cancel(),
    New(),
    Edit(),
    Filter(),
    SwitchText(),
    Format(),
    Targets(),
    Refresh(),
    Open(),
    Copy(),
    Zoom(),
    CommandPalette(),
    Help(),
    Quit(),
    Back(),
    Repaint(),
    Suspend(),
    NextPane(),
    PreviousPane(),
    PaneMigrations(),
    PanePreview(),
    PaneTargets(),
    PaneRun(),
    *MOVING,
)
