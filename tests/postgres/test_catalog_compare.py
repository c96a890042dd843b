"""Comparing catalogs: changed, moved and nested objects, and their descriptions."""

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.postgres.catalog.catalog import Catalog, CatalogObject, Difference, ObjectName
from koonj.postgres.catalog.compare import compare, significant, top_level
from koonj.postgres.catalog.difference_wording import describe
from koonj.postgres.catalog.grants import grants
from koonj.postgres.catalog.queries import statement
from koonj.postgres.catalog.versions import comparable, without_grants, without_owners

TABLE = ObjectName("table", "public.t")


def catalog(*objects: tuple[ObjectName, CatalogObject], major: int = 18) -> Catalog:
    return Catalog(major, MappingProxyType(dict(objects)))


def table(columns: str, **definitions: str) -> Catalog:
    """Return the table public.t with one-letter columns in this order."""
    parts = [
        (ObjectName("column", f"public.t.{c}"), CatalogObject(definitions.get(c, f"{c} text"), place, TABLE))
        for place, c in enumerate(columns, 1)
    ]
    return catalog((TABLE, CatalogObject("CREATE TABLE public.t")), *parts)


def descriptions(before: Catalog, after: Catalog) -> list[str]:
    return [describe(each) for each in compare(before, after)]


def moved(before: str, after: str) -> str:
    differences = compare(table(before), table(after))
    return "".join(each.identity[-1] for each in differences if each.order_only)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("abcd", "abcd", ""),
        ("abcd", "acd", ""),
        ("abcd", "xabcd", ""),
        ("abcd", "acdb", "b"),
        ("abcd", "dabc", "d"),
        ("abcd", "dcba", "abc"),
        ("abcd", "xdya", "a"),
        ("", "ab", ""),
    ],
)
def test_smallest_number_of_columns_is_moved(before: str, after: str, expected: str) -> None:
    assert moved(before, after) == expected


@given(st.permutations("abcdefgh"), st.sets(st.sampled_from("abcdefgh")))
def test_columns_that_did_not_move_keep_their_order(after: list[str], dropped: set[str]) -> None:
    now = "".join(c for c in after if c not in dropped)
    gone = moved("abcdefgh", now)
    left = [c for c in now if c not in gone]
    assert left == sorted(left)
    assert bool(gone) == (list(now) != sorted(now))


def test_moved_column_is_described_with_both_positions() -> None:
    [difference] = compare(table("abcd"), table("acdb"))
    assert difference == Difference(
        "column", "public.t.b", "b text", "b text", order_only=True, parent=TABLE, positions=(2, 4)
    )
    assert difference.what == "moved"
    assert describe(difference) == "column public.t.b moved from position 2 to 4"


def test_changed_column_is_not_moved() -> None:
    [difference] = compare(table("abc"), table("acb", b="b integer"))
    assert (difference.what, difference.order_only) == ("changed", False)


def test_order_of_grants_is_reported_but_not_significant() -> None:
    def granted(*roles: str) -> Catalog:
        names = [ObjectName("grant", f"on table public.t to {role}") for role in roles]
        values = [CatalogObject("GRANT SELECT", place, TABLE) for place, _ in enumerate(roles, 1)]
        return catalog(*zip(names, values, strict=True))

    differences = compare(granted("a", "b"), granted("b", "a"))
    assert [describe(each) for each in differences] == [
        "grant on table public.t to a moved from position 1 to 2"
    ]
    assert significant(differences) == ()
    columns = compare(table("ab"), table("ba"))
    assert significant(columns) == columns != ()


def test_top_level_contains_only_the_table_when_all_parts_differ() -> None:
    comment = (
        ObjectName("comment", "on column public.t.a"),
        CatalogObject("A", 0, ObjectName("column", "public.t.a")),
    )
    whole = table("ab")
    before = replace(whole, objects=MappingProxyType({**whole.objects, comment[0]: comment[1]}))
    differences = compare(before, catalog())
    assert [each.kind for each in differences] == ["table", "column", "column", "comment"]
    assert [describe(each) for each in top_level(differences)] == ["table public.t is missing"]
    assert [describe(each) for each in top_level(compare(catalog(), before))] == [
        "table public.t is not removed"
    ]


def test_top_level_contains_parts_when_the_table_is_only_changed() -> None:
    before, after = table("ab"), table("a")
    other = MappingProxyType({**after.objects, TABLE: CatalogObject("CREATE UNLOGGED TABLE public.t")})
    differences = compare(before, replace(after, objects=other))
    assert top_level(differences) == differences
    assert len(differences) == 2


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("s text DEFAULT 'a'::text", "s text DEFAULT 'b'::text", "DEFAULT 'a'::text -> DEFAULT 'b'::text"),
        ("s text DEFAULT 'a b'::text", "s text", "- DEFAULT 'a b'::text"),
        ("s text", "s text NOT NULL", "+ NOT NULL"),
        ("s character varying(50)", "s character varying(60)", "varying(50) -> varying(60)"),
        ("s integer", "s bigint NOT NULL", "integer -> bigint NOT NULL"),
    ],
)
def test_description_contains_only_the_words_that_differ(before: str, after: str, expected: str) -> None:
    assert descriptions(table("s", s=before), table("s", s=after)) == [f"column public.t.s: {expected}"]


def test_long_difference_is_described_as_changed() -> None:
    before, after = table("s", s="s text" + " x" * 200), table("s", s="s text" + " y" * 200)
    assert descriptions(before, after) == ["column public.t.s is changed"]
    assert descriptions(table("s", s="s  text"), table("s", s="s text")) == ["column public.t.s is changed"]


def test_comment_is_described_in_full() -> None:
    difference = Difference("comment", "on table public.t", "What was", "What is")
    assert describe(difference) == "comment on table public.t: “What was” -> “What is”"


def test_revoked_default_grant_is_described_as_missing() -> None:
    difference = Difference("grant", "on function public.f() to PUBLIC", None, "REVOKE ALL")
    assert describe(difference) == "default grant on function public.f() to PUBLIC is missing"


OWNER = "boss=arwd/boss"


@pytest.mark.parametrize(
    ("acl", "default", "expected"),
    [
        ([OWNER], [OWNER], []),
        ([OWNER, "app=r/boss"], [OWNER], [("app", "GRANT SELECT")]),
        (["app=r/boss", OWNER], [OWNER], [("app", "GRANT SELECT")]),
        ([OWNER, "app=arwd/boss"], [OWNER], [("app", "GRANT ALL")]),
        ([OWNER, "app=r*a/boss"], [OWNER], [("app", "GRANT INSERT\nGRANT SELECT WITH GRANT OPTION")]),
        (
            [OWNER, "app=r*/boss", "x=r/app"],
            [OWNER],
            [("app", "GRANT SELECT WITH GRANT OPTION"), ("x", "GRANT SELECT GRANTED BY app")],
        ),
        (["boss=r/boss"], [OWNER], [("its owner", "GRANT SELECT")]),
        ([], [OWNER], [("its owner", "REVOKE ALL")]),
        ([OWNER], [OWNER, "=X/boss"], [("PUBLIC", "REVOKE EXECUTE")]),
        ([OWNER, "=r/boss"], [OWNER], [("PUBLIC", "GRANT SELECT")]),
        ([OWNER, '"odd ""role=r/x"=r/boss'], [OWNER], [('"odd ""role=r/x"', "GRANT SELECT")]),
        ([OWNER, "Mixed=r/boss"], [OWNER], [('"Mixed"', "GRANT SELECT")]),
    ],
)
def test_acl_becomes_grants_without_the_default_ones(
    acl: list[str], default: list[str], expected: list[tuple[str, str]]
) -> None:
    found = list(grants(acl, default, "boss"))
    assert [(grant.grantee, grant.words) for grant in found] == expected
    assert [grant.place for grant in found] == list(range(1, len(found) + 1))


def test_grants_fail_when_text_is_not_an_acl() -> None:
    with pytest.raises(ValueError, match="aclitem"):
        list(grants(["what"], [], "boss"))


def test_owners_and_grants_can_be_omitted() -> None:
    some = catalog(
        (TABLE, CatalogObject("CREATE TABLE public.t")),
        (ObjectName("owner", "of table public.t"), CatalogObject("boss", 0, TABLE)),
        (ObjectName("grant", "on table public.t to app"), CatalogObject("GRANT SELECT", 1, TABLE)),
    )
    assert {name.kind for name in without_owners(some).objects} == {"table", "grant"}
    assert {name.kind for name in without_grants(some).objects} == {"table", "owner"}


def test_names_of_not_null_are_omitted_when_versions_differ() -> None:
    constraint = ObjectName("constraint", "public.t.n")
    comment = (ObjectName("comment", "on constraint public.t.n"), CatalogObject("why", 0, constraint))
    some = catalog(
        (TABLE, CatalogObject("CREATE TABLE public.t")),
        (constraint, CatalogObject("CONSTRAINT n NOT NULL a", 0, TABLE)),
        comment,
    )
    assert comparable(some, 18) == some
    assert set(comparable(some, 17).objects) == {TABLE}


def test_qualifiers_of_a_view_are_omitted_when_versions_differ() -> None:
    schema, view = ObjectName("schema", "public"), ObjectName("view", "public.v")
    old = catalog(
        (schema, CatalogObject("")), (view, CatalogObject("SELECT t.a, 1.5 FROM public.t")), major=15
    )
    new = catalog((schema, CatalogObject("")), (view, CatalogObject("SELECT a, 1.5 FROM public.t")), major=18)
    assert compare(comparable(old, 18), comparable(new, 15)) == ()


@pytest.mark.parametrize("major", range(13, 20))
def test_query_contains_only_lines_for_its_version(major: int) -> None:
    columns, publications = statement("columns", major), statement("publications", major)
    collations = statement("collations", major)
    assert "--:" not in columns + publications + collations
    assert ("attcompression" in columns) == (major >= 14)
    assert ("k.contype" in columns) == (major >= 18)
    assert ("pg_inherits" in columns) == (major < 18)
    assert ("prqual" in publications) == (major >= 15)
    assert ("colliculocale" in collations) == (major in (15, 16))
    assert ("colllocale" in collations) == (major >= 17)
