"""Test that merge conflicts are found at their lines, and only they."""

import pytest

from koonj.sql.conflict_markers import conflict_markers

CONFLICT = "<<<<<<< HEAD\nSELECT 1;\n=======\nSELECT 2;\n>>>>>>> feature\n"


def lines(text: str, rollback_line: int | None = None) -> list[tuple[int | None, int | None]]:
    return [(p.line, p.column) for p in conflict_markers(text, rollback_line)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (CONFLICT, [(1, 1)]),
        ("\ufeff" + CONFLICT, [(1, 1)]),
        (CONFLICT.replace("\n", "\r\n"), [(1, 1)]),
        (CONFLICT.replace("=======", "||||||| base\nSELECT 0;\n======="), [(1, 1)]),
        (CONFLICT + "SELECT 3;\n" + CONFLICT, [(1, 1), (7, 1)]),
        ("SELECT 1;\n>>>>>>> feature\n", [(2, 1)]),
        ("SELECT 1;\n<<<<<<<", [(2, 1)]),
        ("<<<<<<< HEAD\n<<<<<<< HEAD\n>>>>>>> x\n>>>>>>> y\n", [(1, 1), (2, 1), (4, 1)]),
        ("COPY t FROM stdin;\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> b\n\\.\n", [(2, 1)]),
        ("DO $$\n<<<<<<< HEAD\n$$;\n", [(2, 1)]),
        ("<<<<<<<<<<<<< conflict 1 of 1\n>>>>>>>>>>>>> ends\n", [(1, 1)]),
    ],
)
def test_conflict_has_the_place_of_its_first_marker(text: str, found: list[tuple[int, int]]) -> None:
    assert lines(text) == found


def test_conflict_in_the_rollback_counts_with_and_without_comment_prefix() -> None:
    text = "SELECT 1;\n-- Rollback:\n--  x\n-- <<<<<<< HEAD\n-- DROP TABLE t;\n-- >>>>>>> b\n<<<<<<< HEAD\n"
    assert lines(text, 2) == [(4, 4), (7, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT '<<<<<<< HEAD';\n",
        "SELECT 1 <<<<<<< 2;\n",
        "-- =======\n-- Users\n-- =======\nSELECT 1;\n",
        "/*\n=======\n*/\nSELECT 1;\n",
        "-- <<<<<<< important >>>>>>>\nSELECT 1;\n",
        "DO $$\n<<<<<< x\n$$;\n<<label>>\n<<<<<<<x\n",
    ],
)
def test_similar_lines_are_no_conflict(text: str) -> None:
    assert lines(text) == []
