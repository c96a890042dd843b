"""Numbers of the lines of a difference, where lines were added or deleted before, between or behind others."""

import pytest

from koonj.sql import text_diff
from koonj.sql.text_diff import diff_texts

OLD = "".join(f"line {n}\n" for n in range(1, 31))


def _numbers(old: str, new: str, sign: str) -> list[int]:
    return [line.number for line in diff_texts(old, new).lines if line.sign == sign]


@pytest.mark.parametrize("step", [1, 2, 7, 64 * 1024])
@pytest.mark.parametrize("at", [1, 2, 4, 5, 15, 27, 29, 30])
def test_numbers_count_the_lines_of_each_text(monkeypatch: pytest.MonkeyPatch, step: int, at: int) -> None:
    monkeypatch.setattr(text_diff, "_STEP", step)
    line = f"line {at}\n"
    without = OLD.replace(line, "")
    assert (_numbers(OLD, without, "-"), _numbers(OLD, without, "+")) == ([at], [])
    assert (_numbers(without, OLD, "-"), _numbers(without, OLD, "+")) == ([], [at])
    kept = [line.number for line in diff_texts(OLD, without).lines if line.sign == " "]
    assert kept == list(range(max(1, at - 3), min(30, at + 3)))


@pytest.mark.parametrize("step", [1, 2, 7, 64 * 1024])
def test_a_line_that_is_twice_in_a_row_is_added_or_deleted_once(
    monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    monkeypatch.setattr(text_diff, "_STEP", step)
    for old, new in (("a\n" * 5, "a\n" * 6), ("a\na\nb\n", "a\na\na\nb\n"), ("", "a\n"), ("a\nb", "a\nb\nb")):
        added = [line for line in diff_texts(old, new).lines if line.sign == "+"]
        deleted = [line for line in diff_texts(new, old).lines if line.sign == "-"]
        assert (len(added), len(deleted)) == (1, 1)
        assert _numbers(old, new, "-") == _numbers(new, old, "+") == []
        assert [added[0].text, deleted[0].text] == [new.split("\n")[added[0].number - 1]] * 2


def test_numbers_start_at_the_first_line_that_differs_in_a_large_text() -> None:
    old = "".join(f"INSERT INTO t VALUES ({n});\n" for n in range(1, 20_001))
    made = diff_texts(old, old.replace("(15000)", "(0)"))
    assert made.lines[0].text == "line 14997"
    assert [(line.sign, line.number) for line in made.lines if line.sign in "+-"] == [
        ("-", 15000),
        ("+", 15000),
    ]
