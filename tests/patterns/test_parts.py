"""Test the parts that patterns share: their text in a pattern, and the errors in them."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from koonj.patterns.pattern import LIBRARY, FieldErrors, Pattern, PatternProblem, load, render
from koonj.patterns.reader import PatternFileError, read_pattern

PATTERN = """\
-- title: Count
-- field: table
--   kind: qualified_name
-- field: column
--   kind: name
-- field: other
--   kind: name
--   required: no
-- field: second
--   kind: name
--   default: d
-- field: words
--   kind: text
--   required: no
--
-- migration: count_{{table}}
{{> count}}
"""
COUNT = """\
{{! Counts {table}.
    A comment of several lines. }}
-- Counts {{table}}.
BEGIN;

DO $count$
BEGIN
    PERFORM count({{column}}) FROM {{table}};
    -- {{#other}}
    PERFORM count({{other}}) FROM {{table}};
    -- {{/other}}
    {{^other}}
    PERFORM '{{words}}';
    {{/other}}
END
$count$;

COMMIT;

-- Rollback: nothing to undo: it only reads.
"""


class Folder:
    """A folder with the pattern `mine` and parts."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "parts").mkdir()

    def write(self, pattern: str, **parts: str) -> None:
        for name, text in parts.items():
            (self.path / "parts" / f"{name}.sql").write_text(text, encoding="utf-8")
        (self.path / "mine.sql").write_text(pattern, encoding="utf-8")

    def pattern(self, text: str = PATTERN, **parts: str) -> Pattern:
        self.write(text, **{"count": COUNT, **parts})
        return read_pattern(self.path / "mine.sql")

    def text(self, body: str, /, values: dict[str, str] | None = None, **parts: str) -> str:
        """Return what the pattern makes with this body."""
        pattern = self.pattern(with_body(body), **parts)
        (draft,) = render(pattern, {"table": "t", "column": "c", **(values or {})})
        return draft.text

    def problems(self, text: str = PATTERN, **parts: str) -> list[str]:
        self.write(text, **{"count": COUNT, **parts})
        path = self.path / "mine.sql"
        with pytest.raises(PatternFileError) as caught:
            read_pattern(path)
        found = [str(PatternProblem(path, problem)) for problem in caught.value.problems]
        return [shown.replace(f"{self.path}/", "") for shown in found]


def with_body(body: str) -> str:
    return PATTERN.replace("{{> count}}\n", body)


REST = "\n-- Rollback: nothing to undo: it only reads.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_part_has_the_fields_of_the_pattern(folder: Folder) -> None:
    (draft,) = render(folder.pattern(), {"table": "app.t", "column": "C", "words": "it's"})
    assert draft.text == (
        "-- Counts app.t.\nBEGIN;\n\nDO $count$\nBEGIN\n    PERFORM count(\"C\") FROM app.t;\n    PERFORM 'it''s';\n"
        "END\n$count$;\n\nCOMMIT;\n\n-- Rollback: nothing to undo: it only reads.\n"
    )
    (draft,) = render(folder.pattern(), {"table": "t", "column": "c", "other": "d"})
    assert "    PERFORM count(d) FROM t;\nEND" in draft.text


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("{{> one}}", "SELECT c, t;"),
        ("{{>one}}", "SELECT c, t;"),
        ("{{ > one }}", "SELECT c, t;"),
        ("{{> one column=second}}", "SELECT d, t;"),
        ("{{> one column=table  table=column }}", "SELECT t, c;"),
        ("{{> one\n    column=second\n    table=column}}", "SELECT d, c;"),
    ],
)
def test_arguments_give_a_part_other_fields(folder: Folder, tag: str, expected: str) -> None:
    text = folder.text(tag + "\n" + REST, one="SELECT {{column}}, {{table}};\n\n\n")
    assert text == expected + "\n" + REST


def test_parts_of_names_and_choices_follow_the_argument(folder: Folder) -> None:
    part = "SELECT {{#t.schema}}{{t.schema}}.{{/t.schema}}{{t.name}};"
    assert folder.text("{{> one t=table}}\n" + REST, {"table": "a.b"}, one=part) == "SELECT a.b;\n" + REST


EMPTY = """\
SELECT 1{{#where}} WHERE {{column}} = {{where}}{{/where}}
    {{^where}}
    {{#column}}
    WHERE {{column}} IS NULL
    {{/column}}
    {{/where}}
    -- {{#where}}
    AND {{^column}}true{{/column}} {{#where}}x{{/where}}
    -- {{/where}}
{{#where=yes}}
nothing
{{/where}}
;
"""


def test_an_argument_without_a_field_is_empty(folder: Folder) -> None:
    text = folder.text("{{> one where=}}\n" + REST, one=EMPTY)
    assert text == "SELECT 1\n    WHERE c IS NULL\n;\n" + REST


def test_a_part_gets_the_indentation_of_its_tag(folder: Folder) -> None:
    part = "SELECT 1,\n\n    {{column}};\n"
    body = "SELECT 0;\n    {{> one}}\n\n-- Rollback:\n-- BEGIN;\n-- {{> one column=second}}\n-- COMMIT;\n"
    assert folder.text(body, one=part) == (
        "SELECT 0;\n    SELECT 1,\n\n        c;\n\n"
        "-- Rollback:\n-- BEGIN;\n-- SELECT 1,\n--\n--     d;\n-- COMMIT;\n"
    )


def test_a_part_can_stand_in_a_line(folder: Folder) -> None:
    part = "{{! Its name with a schema. }}\n{{table}}.{{column}}\n"
    assert folder.text("SELECT {{> one}}, {{> one}};\n" + REST, one=part) == "SELECT t.c, t.c;\n" + REST


def test_a_part_can_have_parts(folder: Folder) -> None:
    text = folder.text(
        "{{> outer column=second}}\n" + REST,
        outer="SELECT {{column}};\n{{> inner name=column column=table}}\n",
        inner="    SELECT {{name}}, {{column}};",
    )
    assert text == "SELECT d;\n    SELECT d, t;\n" + REST


def test_a_comment_is_not_written(folder: Folder) -> None:
    assert folder.text("{{! One }}\nSELECT 1{{! two }};\n-- {{! three }}\n" + REST) == "SELECT 1;\n" + REST


def test_koonj_s_parts_can_be_used_and_replaced(folder: Folder) -> None:
    body = "BEGIN;\n{{> drop_empty_schema schema=column}}\nCOMMIT;\n" + REST
    assert "DROP SCHEMA c;" in folder.text(body)
    before = [pattern for pattern in load()[0] if pattern.key == "drop_table_for_good"]
    assert (
        folder.text(body, drop_empty_schema="SELECT {{schema}};\n") == "BEGIN;\nSELECT c;\nCOMMIT;\n" + REST
    )
    assert [pattern for pattern in load(folder.path)[0] if pattern.key == "drop_table_for_good"] == before


def test_a_copy_of_a_pattern_finds_koonj_s_parts(folder: Folder) -> None:
    shutil.copy(LIBRARY / "change_type_with_copy.sql", folder.path)
    copy = read_pattern(folder.path / "change_type_with_copy.sql")
    original = read_pattern(LIBRARY / "change_type_with_copy.sql")
    assert replace(copy, path=original.path) == original


def test_each_of_koonj_s_parts_is_used() -> None:
    texts = [path.read_text(encoding="utf-8") for path in LIBRARY.rglob("*.sql")]
    for part in (LIBRARY / "parts").glob("*.sql"):
        assert any(f"{{{{> {part.stem}" in text for text in texts), part.stem


@pytest.mark.parametrize(
    ("body", "one", "expected"),
    [
        (
            "SELECT {{> ones}};\n",
            "",
            "17:8: No part has the name ones. Create parts/ones.sql, or use one of these: backfill, ",
        ),
        ("{{> One}}\n", "", "17:1: {{> must be followed by the name of a part"),
        ("{{> one column}}\n", "", "17:1: {{> must be followed by the name of a part"),
        ("{{> one column=t.name}}\n", "", "17:1: {{> must be followed by the name of a part"),
        ("{{> one column=a column=b}}\n", "{{column}}", "17:1: column is given twice."),
        (
            "\n  {{> one colum=other}}\n",
            "SELECT {{column}}, {{table}};",
            "18:3: The part one does not use colum, but: column, table.",
        ),
        ("{{> one\n", "", "17:1: {{ does not start a placeholder."),
        ("{{! one\n", "", "17:1: {{ does not start a placeholder."),
        (
            "\n{{> one}}\n",
            "SELECT 1;\nSELECT {{what}};\n",
            "18:1: In the part one (parts/one.sql:2:8): {{what}}: no field has the name what.",
        ),
        (
            "{{> one column=what}}\n",
            "\nSELECT {{column}};\n",
            "17:1: In the part one (parts/one.sql:2:8): {{what}}: no field has the name what.",
        ),
        (
            "{{> one}}\n",
            "SELECT '{{column.name}}';\n",
            "17:1: In the part one (parts/one.sql:1:9): column has kind name. Only kind qualified name",
        ),
        (
            "{{> one}}\n",
            "SELECT {{other}};\n",
            "17:1: In the part one (parts/one.sql:1:8): other can be empty. Put the text around it in {{#other}}",
        ),
        (
            "{{> one}}\n",
            "SELECT x_{{column}};\n",
            "17:1: In the part one (parts/one.sql:1:10): A placeholder cannot be joined to other text",
        ),
        (
            "SELECT 1;\n\n    {{> one column=second}}\n",
            "SELECT 1,\n    x_{{table}}, {{column}}, x_{{table}};\n",
            "19:5: In the part one (parts/one.sql:2:7): A placeholder cannot be joined to other text",
        ),
        (
            "{{> one}}\n",
            "SELECT 1;\n{{#other}}\n",
            "17:1: In the part one (parts/one.sql:2:1): This section is never closed with {{/other}}.",
        ),
        (
            "{{#other}}\n{{> one}}\n",
            "{{/other}}\n",
            "18:1: In the part one (parts/one.sql:1:1): {{/other}} closes a section that is not open.",
        ),
        (
            "{{> one}}\n",
            "SELECT {{ Words }};\n",
            "17:1: In the part one (parts/one.sql:1:8): {{ does not start a placeholder.",
        ),
        (
            "{{> one}}\n",
            "SELECT 1;\n-- migration: two\n",
            "17:1: In the part one (parts/one.sql:2:1): A part cannot start a migration.",
        ),
        (
            "{{> one other=}}\n",
            "SELECT 1\n    {{other}};\n",
            "17:1: In the part one (parts/one.sql:2:5): other is empty here, so it must be in a section.",
        ),
        (
            "{{> one}}\n",
            "SELECT 1;\n  {{> one}}\n",
            "17:1: In the part one (parts/one.sql:2:3): The part one would contain itself: one > one.",
        ),
        (
            "{{> one}}\n",
            "{{! A comment\nof two lines. }}\n{{> ones}}\n",
            "17:1: In the part one (parts/one.sql:3:1): No part has the name ones.",
        ),
        (
            "{{> outer}}\n",
            "SELECT {{what}};\n",
            "17:1: In the part one (parts/one.sql:1:8): {{what}}: no field has the name what.",
        ),
        (
            "{{> outer}}\n",
            "SELECT {{what}\n",
            "17:1: In the part outer (parts/outer.sql:2:5): "
            "In the part one (parts/one.sql:1:8): {{ does not start a placeholder.",
        ),
        ("{{> one}}\nSELECT {{what}};\n", "SELECT\n1;", "18:8: {{what}}: no field has the name what."),
        ("{{> one}}\nSELECT {{#other}};\n", "SELECT\n1;", "18:8: This section is never closed"),
        (
            "{{> one}}\nSELECT x_{{table}};\n",
            "{{#other}}\n{{/other}}\n1;",
            "18:10: A placeholder cannot be joined",
        ),
        ("BEGIN;\n{{> one}}\n", "SELECT 1;", "16:15: The generated migration has an error: "),
    ],
)
def test_an_error_names_the_part_and_where_it_is_used(
    folder: Folder, body: str, one: str, expected: str
) -> None:
    found = folder.problems(with_body(body + REST), one=one, outer="\n    {{> one}}\n")
    assert [shown.startswith(f"mine.sql:{expected}") for shown in found] == [True], found


def test_parts_that_contain_each_other_are_refused(folder: Folder) -> None:
    (found,) = folder.problems(with_body("{{> one}}\n" + REST), one="{{> two}}\n", two="{{> one}}\n")
    assert found.endswith("(parts/two.sql:1:1): The part one would contain itself: one > two > one.")


def test_a_part_that_cannot_be_read_is_named(folder: Folder) -> None:
    (folder.path / "parts" / "latin.sql").write_bytes(b"-- \xe9")
    (found,) = folder.problems(with_body("{{> latin}}\n" + REST))
    assert found == "mine.sql:17:1: The part parts/latin.sql is not UTF-8 at byte 3."


def test_line_ends_and_byte_order_mark_of_a_part_do_not_matter(folder: Folder) -> None:
    (folder.path / "parts" / "dos.sql").write_bytes(b"\xef\xbb\xbfSELECT\r\n    {{column}};\r\n")
    assert folder.text("{{> dos}}\n" + REST) == "SELECT\n    c;\n" + REST


HARMFUL = "x'; DROP TABLE t; --"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("column", "$count$"),
        ("words", "$count$"),
        ("column", "x\ny"),
        ("words", "x\ny"),
        ("column", 'a" b'),
        ("table", "t; DROP TABLE t; --$count$"),
    ],
)
def test_a_value_that_would_leave_its_place_in_a_part_is_refused(
    folder: Folder, field: str, value: str
) -> None:
    pattern = folder.pattern()
    with pytest.raises(FieldErrors) as caught:
        render(pattern, {"table": "t", "column": "c", field: value})
    assert set(caught.value.errors) == {field}


@pytest.mark.parametrize(
    ("field", "value"), [("column", HARMFUL), ("words", HARMFUL), ("column", "x*/"), ("words", '"')]
)
def test_a_value_stays_in_its_place_in_a_part(folder: Folder, bench: Any, field: str, value: str) -> None:
    values = {"table": "t", "column": "c", field: value}
    bench.sql(sql.SQL("CREATE TABLE t ({} int)").format(sql.Identifier(values["column"])))
    (draft,) = render(folder.pattern(), values)
    bench.up(draft)
    assert bench.sql("SELECT to_regclass('t')::text") == [("t",)]
