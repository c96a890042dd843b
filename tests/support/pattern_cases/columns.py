"""Cases of the patterns of the group Columns."""

from support.pattern_cases.case import TABLE, Case

CASES: tuple[Case, ...] = (
    Case(
        "add_column",
        {"table": "{table}", "column": "{new}", "type": "varchar(50)", "default": "'it''s'"},
        TABLE,
        check="SELECT bool_and({new} = 'it''s') FROM {table}",
    ),
)
