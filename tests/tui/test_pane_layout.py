"""Where the panes stand: nothing overlaps, nothing is wasted, who has the keys is always to be seen."""

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
    room,
    shape,
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
def test_no_cell_belongs_to_two_panes_and_no_line_to_none(scene: PaneSituation) -> None:
    regions = room(scene)
    lines: set[int] = set()
    for number, region in regions.items():
        assert region.width >= 1
        assert region.height >= 1
        assert 0 <= region.x <= region.right <= scene.width
        assert 0 <= region.y <= region.bottom <= scene.height
        lines |= set(range(region.y, region.bottom))
        others = [other for of, other in regions.items() if of != number]
        assert not any(region.overlaps(other) for other in others)
    assert lines == set(range(scene.height))


@given(SCENES)
def test_who_has_the_keys_is_there_and_open(scene: PaneSituation) -> None:
    region = room(scene)[scene.focused]
    assert region.height >= min(scene.height, 2)
    if scene.height >= 10 and scene.focused in (MIGRATIONS, PREVIEW):
        assert region.height >= 3


@given(SCENES)
def test_zoomed_it_has_everything(scene: PaneSituation) -> None:
    if scene.zoomed:
        assert list(room(scene)) == [scene.focused]
        assert room(scene)[scene.focused].size == (scene.width, scene.height)


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
def test_the_shape_for_a_size(size: tuple[int, int], expected: PaneArrangement) -> None:
    assert shape(*size) is expected


def heights(scene: PaneSituation) -> dict[str, int]:
    return {number: region.height for number, region in room(scene).items()}


def test_at_80_by_24_targets_and_run_are_a_line_each_until_they_are_needed() -> None:
    assert heights(PaneSituation(80, 22, targets=4)) == {MIGRATIONS: 20, PREVIEW: 20, TARGETS: 1, RUN: 1}
    assert heights(PaneSituation(80, 22, TARGETS, targets=4))[TARGETS] == 4
    assert heights(PaneSituation(80, 22, RUN, run=9))[RUN] == 9
    assert heights(PaneSituation(80, 22, stage=RunStage.WORK, run=3))[RUN] == 8
    assert heights(PaneSituation(80, 22, stage=RunStage.WORK, run=300))[RUN] == 8
    assert heights(PaneSituation(80, 22, stage=RunStage.DONE, run=9))[RUN] == 1
    assert heights(PaneSituation(80, 22, stage=RunStage.TO_READ, run=300))[RUN] == 15


def test_a_tall_one_keeps_targets_and_the_last_run_in_sight() -> None:
    assert heights(PaneSituation(100, 28, stage=RunStage.DONE, run=5, targets=4)) == {
        MIGRATIONS: 19,
        PREVIEW: 19,
        TARGETS: 4,
        RUN: 5,
    }


def test_in_two_columns_the_list_is_no_wider_than_it_has_to_be_and_the_run_leaves_most_to_the_preview() -> (
    None
):
    regions = room(PaneSituation(200, 48, targets=7, stage=RunStage.WORK, run=300))
    assert regions[MIGRATIONS].width == regions[TARGETS].width == 64
    assert regions[PREVIEW].x == 66
    assert regions[RUN].height == 19
    assert regions[TARGETS].bottom == regions[RUN].bottom == 48


def test_at_40_by_12_one_is_open_and_the_others_are_titles() -> None:
    assert heights(PaneSituation(40, 10)) == {MIGRATIONS: 7, PREVIEW: 1, TARGETS: 1, RUN: 1}
    assert heights(PaneSituation(40, 10, PREVIEW)) == {MIGRATIONS: 1, PREVIEW: 7, TARGETS: 1, RUN: 1}
    assert heights(PaneSituation(40, 10, TARGETS)) == {MIGRATIONS: 1, PREVIEW: 1, TARGETS: 7, RUN: 1}
    assert heights(PaneSituation(40, 10, stage=RunStage.TO_READ, run=30)) == {MIGRATIONS: 4, RUN: 6}
    assert heights(PaneSituation(40, 3)) == {MIGRATIONS: 3}
