"""All commands of the main screen, in the order of footer and help."""

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
from koonj.tui.commands.copying import Copy
from koonj.tui.commands.editor import Edit, EditExternal
from koonj.tui.commands.layout import Zoom
from koonj.tui.commands.navigation import MOVING
from koonj.tui.commands.panes import Filter, New, Open, Refresh, Targets
from koonj.tui.commands.reading import Format, NextTab, PreviousTab
from koonj.tui.commands.rehearsing import Drift, Rehearse
from koonj.tui.commands.runs import ApplyAll, ApplyNext, Cancel, RollBackLast

MAIN: tuple[Command[Verbs], ...] = (
    Open(),
    ApplyNext(),
    ApplyAll(),
    RollBackLast(),
    Cancel(),
    New(),
    Edit(),
    Filter(),
    NextTab(),
    PreviousTab(),
    Format(),
    Targets(),
    Rehearse(),
    Drift(),
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
    *MOVING,
)
