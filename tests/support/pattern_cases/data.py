"""Cases of the patterns of the group Data."""

from support.pattern_cases.case import Case

ENUM = """
CREATE TYPE {other} AS ENUM ('new', 'it''s paid', 'done');
CREATE TABLE {table} (id bigint PRIMARY KEY, {column} {other} DEFAULT 'new');
INSERT INTO {table} SELECT i, 'it''s paid' FROM generate_series(1, 1000) i;
"""
LABELS = "SELECT array_agg(enumlabel::text ORDER BY enumsortorder) = {} FROM pg_enum WHERE enumtypid = {{other}}::regtype"

CASES: tuple[Case, ...] = (
    Case(
        "seed_rows",
        {"table": "{table}", "columns": "id, {column}", "values": "-1, 'it''s; --'", "condition": "id = -1"},
        check="SELECT count(*) = 1 FROM {table} WHERE id = -1 AND {column} = 'it''s; --'",
        unchecked="False",
    ),
    Case(
        "create_enum",
        {"type": "{other}", "values": "new, it's paid, 'a, b'"},
        check=LABELS.format("ARRAY['new', 'it''s paid', 'a, b']"),
    ),
    Case(
        "add_enum_value",
        {"type": "{other}", "value": "it's late", "after": "it's paid"},
        ENUM,
        check=LABELS.format("ARRAY['new', 'it''s paid', 'it''s late', 'done']"),
        verdict="irreversible",
        restores=False,
    ),
    Case(
        "replace_enum",
        {
            "type": "{other}",
            "values": "it's paid, new",
            "previous": "new, it's paid, done",
            "table": "{table}",
            "column": "{column}",
            "default": "new",
        },
        ENUM,
        check=LABELS.format("ARRAY['it''s paid', 'new']"),
        unchecked="False",
        write=None,
    ),
)
