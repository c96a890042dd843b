"""Layout of the panes: no overlap, no unused line, and the focused pane is always visible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.tui.state.run import RunStage
from koonj.tui.widgets.pane_layout import (
    MIGRATIONS,
    PANES,
    PREVIEW,
    RUN,
    TARGETS,
    PaneArrangement,
    PaneSituation,
    arrangement,
    pane_regions,
)

SCENES = st.builds(
    PaneSituation,
    width=st.integers(1, 300),
    height=st.integers(1, 120),
    focused=st.sampled_from(PANES),
    zoomed=st.booleans(),
    stage=st.sampled_from(RunStage),
    targets=st.integers(2, 60),
    run=st.integers(2, 3_000),
)


@given(SCENES)
def test_panes_do_not_overlap_and_cover_every_line(situation: PaneSituation) -> None:
    regions = pane_regions(situation)
    lines: set[int] = set()
    for number, region in regions.items():
        assert region.width >= 1
        assert region.height >= 1
        assert 0 <= region.x <= region.right <= situation.width
        assert 0 <= region.y <= region.bottom <= situation.height
        lines |= set(range(region.y, region.bottom))
        others = [other for of, other in regions.items() if of != number]
        assert not any(region.overlaps(other) for other in others)
    assert lines == set(range(situation.height))


@given(SCENES)
def test_focused_pane_is_visible_and_open(situation: PaneSituation) -> None:
    region = pane_regions(situation)[situation.focused]
    assert region.height >= min(situation.height, 2)
    if situation.height >= 10 and situation.focused in (MIGRATIONS, PREVIEW):
        assert region.height >= 3


@given(SCENES)
def test_zoomed_pane_has_the_whole_area(situation: PaneSituation) -> None:
    if situation.zoomed:
        assert list(pane_regions(situation)) == [situation.focused]
        assert pane_regions(situation)[situation.focused].size == (situation.width, situation.height)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((200, 48), PaneArrangement.COLUMNS),
        ((110, 22), PaneArrangement.COLUMNS),
        ((120, 20), PaneArrangement.ROWS),
        ((80, 22), PaneArrangement.ROWS),
        ((80, 10), PaneArrangement.ROWS),
        ((60, 18), PaneArrangement.STACK),
        ((40, 10), PaneArrangement.ONE),
        ((80, 5), PaneArrangement.ONE),
    ],
)
def test_arrangement_depends_on_size(size: tuple[int, int], expected: PaneArrangement) -> None:
    assert arrangement(*size) is expected


def heights(situation: PaneSituation) -> dict[str, int]:
    return {number: region.height for number, region in pane_regions(situation).items()}


def test_targets_and_run_have_one_line_at_80_by_24_until_they_are_needed() -> None:
    assert heights(PaneSituation(80, 22, targets=4)) == {MIGRATIONS: 20, PREVIEW: 20, TARGETS: 1, RUN: 1}
    assert heights(PaneSituation(80, 22, TARGETS, targets=4))[TARGETS] == 4
    assert heights(PaneSituation(80, 22, RUN, run=9))[RUN] == 9
    assert heights(PaneSituation(80, 22, stage=RunStage.WORK, run=3))[RUN] == 8
    assert heights(PaneSituation(80, 22, stage=RunStage.WORK, run=300))[RUN] == 8
    assert heights(PaneSituation(80, 22, stage=RunStage.DONE, run=9))[RUN] == 1
    assert heights(PaneSituation(80, 22, stage=RunStage.TO_READ, run=300))[RUN] == 15


def test_targets_and_last_run_stay_visible_when_the_terminal_is_tall() -> None:
    assert heights(PaneSituation(100, 28, stage=RunStage.DONE, run=5, targets=4)) == {
        MIGRATIONS: 19,
        PREVIEW: 19,
        TARGETS: 4,
        RUN: 5,
    }


def test_two_columns_give_most_space_to_the_preview() -> None:
    regions = pane_regions(PaneSituation(200, 48, targets=7, stage=RunStage.WORK, run=300))
    assert regions[MIGRATIONS].width == regions[TARGETS].width == 64
    assert regions[PREVIEW].x == 66
    assert regions[RUN].height == 19
    assert regions[TARGETS].bottom == regions[RUN].bottom == 48


def test_one_pane_is_open_and_others_are_titles_at_40_by_12() -> None:
    assert heights(PaneSituation(40, 10)) == {MIGRATIONS: 7, PREVIEW: 1, TARGETS: 1, RUN: 1}
    assert heights(PaneSituation(40, 10, PREVIEW)) == {MIGRATIONS: 1, PREVIEW: 7, TARGETS: 1, RUN: 1}
    assert heights(PaneSituation(40, 10, TARGETS)) == {MIGRATIONS: 1, PREVIEW: 1, TARGETS: 7, RUN: 1}
    assert heights(PaneSituation(40, 10, stage=RunStage.TO_READ, run=30)) == {MIGRATIONS: 4, RUN: 6}
    assert heights(PaneSituation(40, 3)) == {MIGRATIONS: 3}
