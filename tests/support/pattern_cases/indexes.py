"""Cases of the patterns of the group Indexes."""

from support.pattern_cases.case import Case

VALID = "SELECT bool_and(indisvalid) FROM pg_index WHERE indrelid = {table}::regclass AND NOT indisprimary"

CASES: tuple[Case, ...] = (
    Case("create_index", {"table": "{table}", "columns": "{column}, n DESC"}, check=VALID),
    Case(
        "create_index",
        {"table": "{table}", "columns": "lower({column})", "unique": "yes", "where": "n > 3"},
        check=VALID,
        note="partial",
    ),
)
