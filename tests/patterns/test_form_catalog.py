"""What a form completes, fills in and finds wrong, given a catalog."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.patterns.catalog_snapshot import (
    CatalogSnapshot,
    Column,
    Index,
    Relation,
    SchemaObject,
    TableObject,
)
from koonj.patterns.completion import begins_with, completions
from koonj.patterns.definitions import filled_in
from koonj.patterns.form_facts import FormFacts, table_words
from koonj.patterns.model import FieldErrors, Pattern
from koonj.patterns.name_problems import name_problems
from koonj.patterns.pattern import defaults, load, render

PATTERNS = {pattern.key: pattern for pattern in load()[0]}
USERS = Relation(
    "public",
    "users",
    "table",
    4_400_000_000,
    12_000_000,
    columns=(
        Column("id", "integer", not_null=True),
        Column("email", "character varying(50)", not_null=True),
        Column("Mixed Case", "text", not_null=False),
    ),
    comment="Who may log in",
)
DOCUMENTS = Relation(
    "public",
    "documents",
    "table",
    columns=(
        Column("id", "bigint", not_null=True),
        Column("owner", "bigint", not_null=False),
        Column("owner_email", "text", not_null=False),
        Column("created", "date", not_null=False),
    ),
)
CATALOG = CatalogSnapshot(
    schemas=("app", "public"),
    search_path=("public",),
    relations=(
        USERS,
        DOCUMENTS,
        Relation("app", "documents", "partitioned table", columns=(Column("at", "date", not_null=True),)),
        Relation("app", "documents_2026", "table", parent=("app", "documents")),
        Relation("public", "adults", "view", definition="SELECT 1"),
        Relation("public", "counts", "materialized view", 1024, 1),
    ),
    indexes=(
        Index("public", "users_pkey", ("public", "users"), "USING btree (id)", True, ("id",), True),
        Index("public", "users_email_idx", ("public", "users"), "USING btree (email)", True, ("email",), False),
        Index("public", "documents_owner_idx", ("public", "documents"), "USING btree (owner)", False, ("owner",), True),
    ),
    table_objects=(
        TableObject("constraint", "users_pkey", ("public", "users"), "PRIMARY KEY (id)"),
        TableObject("constraint", "positive", ("public", "documents"), "CHECK ((id > 0))"),
        TableObject("trigger", "touched", ("public", "documents")),
    ),
    schema_objects=(
        SchemaObject("type", "public", "mood", "enum", ("sad", "a, b", "it's")),
        SchemaObject("function", "public", "touch", ""),
    ),
    roles=("ada", "app_reader"),
    extensions={"pg_trgm": False, "plpgsql": True, "citext": True},
)  # fmt: skip


def facts(key: str, catalog: CatalogSnapshot = CATALOG, /, **typed: str) -> FormFacts:
    pattern = PATTERNS[key]
    known = defaults(pattern, typed)
    return FormFacts(pattern.fields, {**known, **{k: v for k, v in typed.items() if v}}, catalog)


def names(key: str, field: str, **typed: str) -> list[str]:
    now = facts(key, **typed)
    found = now.field(field)
    assert found is not None
    return [one.value for one in completions(now, found, typed.get(field, ""))]


def problems(key: str, **typed: str) -> dict[str, str]:
    return dict(name_problems(facts(key, **typed)))


@pytest.mark.parametrize(
    ("key", "field", "typed", "found"),
    [
        ("add_column", "table", {"table": "doc"}, ["documents", "app.documents", "app.documents_2026"]),
        ("add_column", "table", {"table": "app.documents_"}, ["app.documents_2026"]),
        ("add_column", "table", {"table": "documents"}, []),
        ("add_column", "table", {"table": "usr"}, ["users"]),
        ("add_column", "column", {"table": "users"}, []),
        ("add_column", "type", {"type": "jso"}, ["jsonb"]),
        ("add_column", "type", {"type": "moo"}, ["mood"]),
        ("create_index", "columns", {"table": "users", "columns": "mix"}, ['"Mixed Case"']),
        ("create_index", "include", {"table": "users", "include": "mix"}, ["Mixed Case"]),
        ("create_index", "columns", {"table": "documents", "columns": "own"}, ["owner", "owner_email"]),
        ("create_index", "columns", {"table": "documents", "columns": "id, cr"}, ["id, created"]),
        ("create_index", "columns", {"table": "documents", "columns": "lower(a, b), cr"}, ["lower(a, b), created"]),
        ("add_foreign_key", "columns", {"table": "documents", "columns": "owner,"}, ["owner, id", "owner, owner_email", "owner, created"]),
        ("add_foreign_key", "referenced", {"references": "users", "referenced": "mix"}, ["Mixed Case"]),
        ("drop_constraint", "constraint", {"table": "documents"}, ["positive"]),
        ("drop_index", "index", {"index": "owner"}, ["documents_owner_idx"]),
        ("detach_partition", "partition", {"table": "app.documents"}, ["app.documents_2026"]),
        ("replace_view", "view", {}, ["adults"]),
        ("refresh_materialized_view", "view", {}, ["counts"]),
        ("grant_on_table", "role", {"role": "read"}, ["app_reader"]),
        ("create_extension", "extension", {}, ["pg_trgm"]),
        ("replace_enum", "type", {}, ["mood"]),
    ],
)  # fmt: skip
def test_names_are_completed(key: str, field: str, typed: dict[str, str], found: list[str]) -> None:
    assert names(key, field, **typed) == found


@pytest.mark.parametrize(
    ("key", "field", "typed", "begins"),
    [
        ("add_column", "table", {"table": "DOC"}, True),
        ("add_column", "table", {"table": "cuments"}, False),
        ("create_index", "columns", {"table": "users", "columns": "id, mixed c"}, True),
        ("create_index", "columns", {"table": "users", "columns": 'id, "Mixed'}, True),
        ("create_index", "columns", {"table": "users", "columns": "id, case"}, False),
    ],
)
def test_half_typed_name_is_the_start_of_a_completion(
    key: str, field: str, typed: dict[str, str], begins: bool
) -> None:
    now = facts(key, **typed)
    found = now.field(field)
    assert found is not None
    offered = completions(now, found, typed[field])
    assert offered
    assert begins_with(found, typed[field], offered) is begins


def test_completion_says_what_is_known() -> None:
    now = facts("add_column", table="us")
    [field] = [one for one in now.fields if one.name == "table"]
    assert completions(now, field, "us")[0].detail == "4.1 GB, 12 M rows"
    now = facts("create_index", table="users")
    [field] = [one for one in now.fields if one.name == "columns"]
    assert [one.detail for one in completions(now, field, "")][:2] == [
        "integer NOT NULL",
        "character varying(50) NOT NULL",
    ]


def test_name_that_cannot_be_typed_is_not_offered() -> None:
    hostile = CatalogSnapshot(
        search_path=("public",),
        relations=(Relation("public", "a\x1b[31mb", "table"), Relation("public", "[bold]x", "table")),
    )
    now = facts("add_column", hostile)
    assert [one.value for one in completions(now, now.fields[0], "")] == ["[bold]x"]


@pytest.mark.parametrize(
    ("key", "typed", "found"),
    [
        ("add_column", {"table": "documnts"}, {"table": "No table documnts. Similar: documents, documents_2026."}),
        ("add_column", {"table": "adults"}, {"table": "adults is a view, not a table."}),
        ("add_column", {"table": "documents", "column": "owner"}, {"column": "documents already has a column owner."}),
        ("add_column", {"table": "documents", "column": "status"}, {}),
        ("add_column", {"table": "pg_catalog.pg_class"}, {}),
        ("add_foreign_key", {"table": "documents", "columns": "ownr", "references": "users"}, {"columns": "No column ownr in documents. Similar: owner."}),
        ("add_foreign_key", {"table": "documents", "columns": "owner", "references": "users"}, {"index": "The name is taken: there is already an index documents_owner_idx."}),
        ("add_foreign_key", {"table": "documents", "columns": "owner", "references": "users", "referenced": "email", "index": "x"}, {"referenced": "email of users is not unique: a foreign key needs a primary key or a unique constraint there."}),
        ("add_foreign_key", {"table": "documents", "columns": "owner_email", "references": "users"}, {"columns": "owner_email is text, but users.id is integer."}),
        ("add_foreign_key", {"table": "documents", "columns": "owner, created", "references": "users", "index": "x"}, {"referenced": "Needs as many columns as refer to it: 2, not 1."}),
        ("create_index", {"table": "documents", "columns": "lower(x), owner, creatd, id DESC", "index": "x"}, {"columns": "No column creatd in documents. Similar: created."}),
        ("drop_constraint", {"table": "documents", "constraint": "positiv"}, {"constraint": "No constraint positiv in documents. Similar: positive."}),
        ("drop_index", {"index": "documents_owner_idx", "table": "users"}, {"table": "documents_owner_idx is an index of documents."}),
        ("drop_index", {"index": "users_pkey", "table": "users"}, {"unique": "users_pkey is a unique index."}),
        ("drop_index", {"index": "nothing", "table": "users"}, {"index": "No index nothing."}),
        ("create_table", {"table": "users"}, {"table": "The name is taken: there is already a table users."}),
        ("create_table", {"table": "app.users"}, {}),
        ("create_table", {"table": "mood"}, {"table": "The name is taken: there is already a type mood."}),
        ("create_extension", {"extension": "citext"}, {"extension": "There is already an extension citext."}),
        ("create_extension", {"extension": "pg_trgn"}, {"extension": "No extension pg_trgn on the server. Similar: pg_trgm."}),
        ("create_role", {"role": "ada"}, {"role": "There is already a role ada."}),
        ("detach_partition", {"table": "app.documents", "partition": "users"}, {"partition": "No partition of documents users."}),
        ("grant_on_table", {"table": "users", "role": "bob"}, {"role": "No role bob."}),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(key: str, typed: dict[str, str], found: dict[str, str]) -> None:
    assert problems(key, **typed) == found


def test_nothing_is_missing_in_a_catalog_that_was_not_read_to_its_end() -> None:
    cut = CatalogSnapshot(search_path=("public",), relations=(DOCUMENTS, USERS), is_cut=True)
    assert name_problems(facts("add_column", cut, table="nothing")) == {}
    assert (
        name_problems(facts("add_foreign_key", cut, table="documents", columns="id", references="users"))
        == {}
    )


@pytest.mark.parametrize(
    ("key", "typed", "found"),
    [
        ("drop_index", {"index": "documents_owner_idx"}, {"definition": "USING btree (owner)", "table": "documents", "unique": "no"}),
        ("drop_index", {"index": "users_email_idx"}, {"definition": "USING btree (email)", "table": "users", "unique": "yes"}),
        ("drop_index", {"index": "x"}, {"definition": "", "table": ""}),
        ("drop_constraint", {"table": "documents", "constraint": "positive"}, {"definition": "CHECK ((id > 0))"}),
        ("replace_view", {"view": "adults"}, {"previous": "SELECT 1"}),
        ("replace_enum", {"type": "mood"}, {"previous": "sad, 'a, b', 'it''s'"}),
        ("comment", {"name": "users"}, {"previous": "Who may log in"}),
        ("add_column", {"table": "users"}, {}),
    ],
)  # fmt: skip
def test_definitions_are_filled_in(key: str, typed: dict[str, str], found: dict[str, str]) -> None:
    assert filled_in(facts(key, **typed)) == found


def test_definition_that_cannot_be_typed_is_not_filled_in() -> None:
    hostile = CatalogSnapshot(
        search_path=("public",), relations=(Relation("public", "t", "table", comment="a\nb\x1b[2J"),)
    )
    assert filled_in(facts("comment", hostile, name="t")) == {"previous": ""}


def test_cost_is_that_of_the_table() -> None:
    assert table_words(facts("add_column", table="users")) == "users: 4.1 GB, 12 M rows"
    assert table_words(facts("add_column", table="documents")) == "documents: size not known"
    assert table_words(facts("add_column", table="nothing")) == ""
    assert table_words(facts("create_table", table="users")) == ""


NAMES = st.text(min_size=1, max_size=20)


@pytest.mark.parametrize("key", PATTERNS)
@given(data=st.data(), name=NAMES, other=NAMES)
def test_any_text_and_any_catalog_have_an_answer(
    key: str, data: st.DataObject, name: str, other: str
) -> None:
    pattern = PATTERNS[key]
    catalog = CatalogSnapshot(
        schemas=(other,),
        search_path=(other,),
        relations=(Relation(other, name, "table", columns=(Column(name, other, not_null=True),)),),
        indexes=(Index(other, name, (other, name), other, True, (name,), True),),
        table_objects=(TableObject("constraint", name, (other, name), other),),
        schema_objects=(SchemaObject("type", other, name, "enum", (name, other)),),
    )
    texts = st.one_of(NAMES, st.just(name), st.just(f"{other}.{name}"), st.just(f"{name}, {other}"))
    typed = {field.name: data.draw(texts) for field in pattern.fields}
    now = facts(key, catalog, **typed)
    assert set(name_problems(now)) <= set(typed)
    assert set(filled_in(now)) <= set(typed)
    for field in pattern.fields:
        for one in completions(now, field, typed[field.name]):
            assert one.value.endswith(one.name)


@given(name=NAMES)
def test_completed_name_names_its_object(name: str) -> None:
    catalog = CatalogSnapshot(search_path=("public",), relations=(Relation("public", name, "table"),))
    now = facts("drop_table", catalog)
    for one in completions(now, now.fields[0], ""):
        chosen = facts("drop_table", catalog, table=one.value)
        if len(name.encode()) <= 63:
            assert chosen.relation("table") == catalog.relations[0]


def refused(pattern: Pattern, typed: dict[str, str]) -> set[str]:
    try:
        render(pattern, typed)
    except FieldErrors as error:
        return set(error.errors)
    return set()


@given(
    labels=st.lists(
        st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8), min_size=1, unique=True
    )
)
def test_filled_in_labels_are_read_as_they_were(labels: list[str]) -> None:
    catalog = CatalogSnapshot(
        search_path=("public",), schema_objects=(SchemaObject("type", "public", "t", "enum", tuple(labels)),)
    )
    typed = {"type": "t", "values": "a", "table": "x", "column": "y"}
    previous = filled_in(facts("replace_enum", catalog, **typed))["previous"]
    if previous:
        assert refused(PATTERNS["replace_enum"], {**typed, "previous": previous}) == set()
