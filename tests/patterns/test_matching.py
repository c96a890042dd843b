"""Names and texts are found by what somebody types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.patterns.matching import best_names, best_texts, rank
from koonj.patterns.pattern import load

PATTERNS, _ = load()


def found(typed: str) -> list[str]:
    return [one.key for one in best_texts(PATTERNS, typed, lambda p: p.texts)]


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("add_column", "add_column"),
        ("fk", "add_foreign_key"),
        ("references", "add_foreign_key"),
        ("Drop index", "drop_index"),
        ("drop table", "drop_table"),
        ("enum", "create_enum"),
        ("updated_at", "add_updated_at"),
        ("ROLE create", "create_role"),
        ("crtview", "create_view"),
    ],
)
def test_what_people_type_finds_the_pattern(typed: str, key: str) -> None:
    assert key in found(typed)[:3]


def test_every_pattern_is_the_first_for_its_title_and_its_key() -> None:
    for pattern in PATTERNS:
        assert found(pattern.title)[0] == pattern.key
        assert found(pattern.key)[0] == pattern.key


def test_nothing_typed_finds_all_in_their_order() -> None:
    assert found("  ") == [pattern.key for pattern in PATTERNS]


def test_text_that_matches_nothing_finds_nothing() -> None:
    assert found("zzqqx") == []


def test_a_part_of_a_title_is_better_than_a_word_of_another_pattern() -> None:
    assert found("not null")[0] == "set_not_null"
    assert found("fk")[0] == "add_foreign_key"


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("foreign", "add_foreign_key drop_constraint"),
        ("table", "create_table create_partitioned_table"),
        ("column", "add_nullable_column add_column"),
        ("index", "create_index create_index_on_partitioned_table"),
        ("check", "add_check drop_constraint"),
        ("drop table", "drop_table drop_table_for_good"),
        ("drop column", "drop_column drop_column_for_good"),
        ("constraint", "add_unique_constraint add_check"),
    ],
)
def test_what_makes_comes_before_what_drops_it(typed: str, keys: str) -> None:
    """Equally good matches are in the order of the list, however many words a pattern has."""
    assert found(typed)[:2] == keys.split()


def test_better_matches_come_first() -> None:
    names = ["reowner", "x_owner", "owners", "o_w_n_e_r", "owner", "other"]
    assert best_names(names, "owr", str) == ("owner", "owners", "reowner", "x_owner", "o_w_n_e_r")
    assert best_names(names, "owner", str) == ("owner", "owners", "x_owner", "reowner")


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_a_part_of_a_text_always_matches(before: str, part: str, after: str) -> None:
    assert rank(part, before + part + after) is not None
    assert rank(part, part) is not None
