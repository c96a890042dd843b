"""The names of a target with those that pending files make, and without those that they drop."""

from __future__ import annotations

from koonj.patterns.catalog_snapshot import (
    CatalogSnapshot,
    Column,
    Index,
    Relation,
    SchemaObject,
    TableObject,
)
from koonj.patterns.merged_catalog import PendingFile, with_pending

PUBLIC = ("public",)
ID, EMAIL, PHONE = (Column(name, "text", not_null=False) for name in ("id", "email", "phone"))


def table(name: str, *columns: Column, size: int | None = None) -> Relation:
    return Relation("public", name, "table", size, size, columns=columns)


def index(name: str, of: str) -> Index:
    return Index("public", name, ("public", of), "USING btree (id)", False, ("id",), True)


def merged(target: CatalogSnapshot, after: CatalogSnapshot, *texts: str) -> CatalogSnapshot:
    files = [PendingFile(f"{number:03}", text) for number, text in enumerate(texts, 16)]
    return with_pending(target, after, files)


def test_new_table_is_marked_with_the_first_file_that_names_it() -> None:
    target = CatalogSnapshot(("public",), PUBLIC, (table("users", ID, size=5),))
    after = CatalogSnapshot(("app", "public"), PUBLIC, (table("users", ID), table("Orders", ID)))
    found = merged(
        target, after, "SELECT 1;", 'CREATE TABLE "Orders" ();', 'COMMENT ON TABLE "Orders" IS NULL;'
    )
    assert [(one.name, one.size, one.pending) for one in found.relations] == [
        ("Orders", None, "pending 017"),
        ("users", 5, ""),
    ]
    assert found.schemas == ("app", "public")
    assert found.dropped == ()


def test_columns_of_a_table_that_files_change_are_as_after_them_with_its_size() -> None:
    by_hand = Column("by_hand", "int", not_null=False)
    target = CatalogSnapshot((), PUBLIC, (table("users", ID, EMAIL, by_hand, size=5), table("other", ID)))
    after = CatalogSnapshot((), PUBLIC, (table("users", ID, PHONE), table("other", PHONE)))
    found = merged(target, after, "ALTER TABLE users DROP COLUMN email, ADD COLUMN phone text;")
    users, other = found.relation(None, "users"), found.relation(None, "other")
    assert users is not None
    assert other is not None
    assert users.size == 5
    assert [(one.name, one.pending) for one in users.columns] == [
        ("id", ""),
        ("phone", "pending 016"),
        ("by_hand", ""),
    ]
    assert other.columns == (ID,), "no file names it, so it is as on the target"


def test_what_files_drop_is_left_out_and_what_only_the_target_has_stays() -> None:
    target = CatalogSnapshot(
        (),
        PUBLIC,
        (table("documents", ID), table("by_hand", ID)),
        (index("documents_idx", "documents"), index("by_hand_idx", "by_hand"), index("old_idx", "by_hand")),
        (TableObject("constraint", "c", ("public", "documents")),),
        (SchemaObject("type", "public", "mood", "enum", ("sad",)),),
        ("ada",),
        {"citext": False, "pg_trgm": True},
    )
    after = CatalogSnapshot(
        (), PUBLIC, (table("papers", ID),), (index("papers_idx", "papers"),), roles=("bob",), extensions={"citext": True}
    )  # fmt: skip
    found = merged(
        target, after, "ALTER TABLE documents RENAME TO papers; DROP INDEX old_idx; DROP TYPE mood;"
    )
    assert [one.name for one in found.relations] == ["by_hand", "papers"]
    assert [one.name for one in found.indexes] == ["papers_idx", "by_hand_idx"]
    assert (found.table_objects, found.schema_objects) == ((), ())
    assert found.dropped == (("public", "documents"),)
    assert found.roles == ("ada", "bob")
    assert found.extensions == {"citext": True, "pg_trgm": True}


def test_indexes_constraints_and_types_say_which_file_makes_them() -> None:
    target = CatalogSnapshot((), PUBLIC, (table("users", ID),), (index("users_pkey", "users"),))
    after = CatalogSnapshot(
        (),
        PUBLIC,
        (table("users", ID), table("orders", ID)),
        tuple(
            index(*names)
            for names in (("users_pkey", "users"), ("new_idx", "users"), ("orders_pkey", "orders"))
        ),
        (
            TableObject("constraint", "orders_pkey", ("public", "orders")),
            TableObject("constraint", "users_id_check", ("public", "users")),
        ),
        (SchemaObject("type", "public", "mood", "enum", ("sad",)),),
    )
    found = merged(
        target,
        after,
        "CREATE TABLE orders (id int PRIMARY KEY); CREATE TYPE mood AS ENUM ('sad');",
        "CREATE INDEX new_idx ON users (id);",
        "ALTER TABLE users ADD CHECK (id > 0);",
    )
    assert {one.name: one.pending for one in found.indexes} == {
        "users_pkey": "",
        "new_idx": "pending 017",
        "orders_pkey": "pending 016",
    }
    assert {one.name: one.pending for one in found.table_objects} == {
        "orders_pkey": "pending 016",
        "users_id_check": "pending",  # two files name the table, and none the constraint
    }
    assert [one.pending for one in found.schema_objects] == ["pending 016"]
