"""Two texts compared line by line."""

from __future__ import annotations

from koonj.sql.line_diff import DiffLine, line_diff, line_hunks


def test_a_diff_has_all_lines_of_both_texts() -> None:
    assert [*line_diff(["a", "b", "c"], ["a", "x", "c", "d"])] == [
        DiffLine(" ", 0, "a"),
        DiffLine("-", 1, "b"),
        DiffLine("+", 1, "x"),
        DiffLine(" ", 2, "c"),
        DiffLine("+", 3, "d"),
    ]
    assert [*line_diff([], [])] == []


def test_an_equal_line_has_its_number_in_the_new_text() -> None:
    assert [*line_diff(["gone", "kept"], ["kept"])] == [DiffLine("-", 0, "gone"), DiffLine(" ", 0, "kept")]


def test_hunks_have_the_lines_around_a_difference() -> None:
    old = [str(number) for number in range(30)]
    new = [*old[:5], "new", *old[6:20], *old[21:]]
    first, second = line_hunks(old, new, context=2)
    assert [line.sign + line.text for line in first] == [" 3", " 4", "-5", "+new", " 6", " 7"]
    assert [line.sign + line.text for line in second] == [" 18", " 19", "-20", " 21", " 22"]
    assert [line.index for line in second] == [18, 19, 20, 20, 21]
    assert [*line_hunks(old, old, context=2)] == []
