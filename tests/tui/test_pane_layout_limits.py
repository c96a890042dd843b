"""The smallest screen on which the titles of the closed panes are shown."""

import pytest

from koonj.tui.state.run import RunStage
from koonj.tui.widgets.pane_layout import (
    MIGRATIONS,
    PANES,
    RUN,
    PaneArrangement,
    PaneSituation,
    arrangement,
    pane_regions,
)


@pytest.mark.parametrize(("height", "titles"), [(7, True), (6, False)])
def test_titles_of_closed_panes_are_shown_if_the_open_one_keeps_four_lines(height: int, titles: bool) -> None:
    situation = PaneSituation(40, height)
    assert arrangement(situation.width, situation.height) is PaneArrangement.ONE
    heights = {number: region.height for number, region in pane_regions(situation).items()}
    others = dict.fromkeys((n for n in PANES if n != MIGRATIONS), 1) if titles else {}
    assert heights == {MIGRATIONS: height - len(others), **others}


@pytest.mark.parametrize(("height", "shown"), [(8, True), (7, False)])
def test_a_run_that_needs_attention_is_shown_beside_another_pane_of_four_lines(
    height: int, shown: bool
) -> None:
    regions = pane_regions(PaneSituation(40, height, stage=RunStage.WORK))
    assert (RUN in regions and regions[RUN].height > 1) is shown
