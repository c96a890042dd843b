"""The difference between two texts: lines, and notes on invisible changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from koonj.sql.text_diff import TextDiff, diff_texts

LINES = st.lists(st.sampled_from(["a", "b", "", "  c", "SELECT 1;"]), max_size=40)


def shown(made: TextDiff) -> list[str]:
    return [f"{line.sign}{line.number} {line.text}" for line in made.lines]


def test_edit_in_the_middle_has_three_context_lines() -> None:
    old = "".join(f"{n}\n" for n in range(1, 21))
    assert shown(diff_texts(old, old.replace("10\n", "ten\n"))) == [
        "…7 line 7",
        " 7 7",
        " 8 8",
        " 9 9",
        "-10 10",
        "+10 ten",
        " 11 11",
        " 12 12",
        " 13 13",
    ]


@given(LINES, LINES)
def test_lines_transform_the_old_text_into_the_new(old: list[str], new: list[str]) -> None:
    made = diff_texts("".join(line + "\n" for line in old), "".join(line + "\n" for line in new))
    took = [(line.number, line.text) for line in made.lines if line.sign == "-"]
    gave = [(line.number, line.text) for line in made.lines if line.sign == "+"]
    assert all(old[number - 1] == text for number, text in took)
    assert all(new[number - 1] == text for number, text in gave)
    assert [text for n, text in enumerate(old, 1) if (n, text) not in took] == [
        text for n, text in enumerate(new, 1) if (n, text) not in gave
    ]


def test_notes_name_invisible_changes() -> None:
    assert diff_texts("a\n", "a\r\n").notes == ("The line ends changed from LF to CR LF.",)
    assert diff_texts("a\n", "\ufeffa\n").notes == ("A byte-order mark was added.",)
    assert "The last line no longer ends with a line end." in diff_texts("a\nb\n", "a\nb").notes
    assert diff_texts("a\n", "a\n") == TextDiff(())


def test_small_edit_of_a_large_text_is_found_without_a_line_diff() -> None:
    old = "INSERT INTO t VALUES (1);\n" * 50_000
    new = old[: 26 * 30_000] + "SELECT 1;\n" + old[26 * 30_000 :]
    made = diff_texts(old, new)
    assert [line.text for line in made.lines if line.sign == "+"] == ["SELECT 1;"]
    assert not made.notes


def test_text_that_has_no_other_to_compare_has_no_notes() -> None:
    for change in (diff_texts("", "a\r\nb\n"), diff_texts("a\nb", "")):
        assert change.notes == ()
        assert [line.text for line in change.lines if line.sign in "+-"] == ["a", "b"]
