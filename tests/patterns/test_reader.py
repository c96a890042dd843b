"""Tests for pattern files: valid content, and problems of invalid files."""

from pathlib import Path

import pytest

from koonj.migrations.migration import Migration
from koonj.patterns.pattern import LIBRARY, FieldErrors, FieldKind, load, render
from koonj.patterns.reader import read_pattern

GOOD = """\
-- title: Comment on a table
-- about: Words for whoever
--        reads the catalog.
--
-- field: table
--   kind: qualified_name
-- field: words
--   kind: text
--   help: One line,
--     or what fits into it.
--   example: kept: for ever
-- field: role
--   kind: name
--   required: no
--
-- migration: comment_on_{{table.name}}
-- {{words}}
BEGIN;
COMMENT ON TABLE {{table}} IS {{words}};
-- {{#role}}
GRANT SELECT ON {{table}} TO {{role}};
-- {{/role}}
COMMIT;
-- Rollback:
-- BEGIN;
-- COMMENT ON TABLE {{table}} IS NULL;
-- {{#role}}
-- REVOKE SELECT ON {{table}} FROM {{role}};
-- {{/role}}
-- COMMIT;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def problems(folder: Path, text: str, name: str = "mine.sql") -> list[str]:
    (folder / name).write_text(text, encoding="utf-8")
    patterns, found = load(folder)
    assert "mine" not in {pattern.key for pattern in patterns}
    assert {pattern.key for pattern in patterns} == {path.stem for path in LIBRARY.glob("*.sql")}
    return [str(problem).removeprefix(f"{folder}/{name}:") for problem in found]


def test_what_koonj_s_own_patterns_generate_is_right() -> None:
    """Reading the library leaves this out."""
    for path in LIBRARY.glob("*.sql"):
        read_pattern(path)


def test_project_pattern_is_read(folder: Path) -> None:
    (folder / "mine.sql").write_text(GOOD, encoding="utf-8")
    patterns, found = load(folder / "not there", folder)
    assert not found
    (mine,) = (pattern for pattern in patterns if pattern.key == "mine")
    assert (mine.title, mine.description) == ("Comment on a table", "Words for whoever reads the catalog.")
    assert mine.path == folder / "mine.sql"
    assert [(field.name, field.label, field.kind) for field in mine.fields] == [
        ("table", "Table", FieldKind.QUALIFIED_NAME),
        ("words", "Words", FieldKind.TEXT),
        ("role", "Role", FieldKind.NAME),
    ]
    assert mine.fields[1].help == "One line, or what fits into it."
    assert mine.fields[1].example == "kept: for ever"
    (draft,) = render(mine, {"table": "app.t", "words": "it's"})
    assert draft.slug == "comment_on_t"
    assert draft.text == (
        "-- it's\nBEGIN;\nCOMMENT ON TABLE app.t IS 'it''s';\nCOMMIT;\n"
        "-- Rollback:\n-- BEGIN;\n-- COMMENT ON TABLE app.t IS NULL;\n-- COMMIT;\n"
    )
    (draft,) = render(mine, {"table": "t", "words": "w", "role": "user"})
    assert 'GRANT SELECT ON t TO "user";\nCOMMIT;' in draft.text
    assert '-- REVOKE SELECT ON t FROM "user";\n-- COMMIT;' in draft.text


def test_crlf_and_byte_order_mark_are_allowed(folder: Path) -> None:
    (folder / "mine.sql").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    patterns, found = load(folder)
    assert not found
    (mine,) = (pattern for pattern in patterns if pattern.key == "mine")
    assert "\r" not in render(mine, {"table": "t", "words": "w"})[0].text


def test_project_pattern_replaces_a_built_in_one(folder: Path) -> None:
    (folder / "add_column.sql").write_text(GOOD, encoding="utf-8")
    patterns, _ = load(folder)
    assert [pattern.path for pattern in patterns if pattern.key == "add_column"] == [
        folder / "add_column.sql"
    ]


def test_patterns_of_a_group_are_listed_by_place_and_then_by_key(folder: Path) -> None:
    for key, place in (("b", ""), ("a", ""), ("c", "-- place: 2\n"), ("d", "-- place: 1\n")):
        head = f"-- title: {key}\n-- group: Constraints\n{place}"
        (folder / f"{key}.sql").write_text(head + GOOD.partition("\n")[2], encoding="utf-8")
    listed = [one.key for one in load(folder)[0] if one.group == "Constraints" and one.path.parent == folder]
    assert listed == ["d", "c", "a", "b"]


def test_invalid_pattern_does_not_replace_a_built_in_one(folder: Path) -> None:
    assert problems(folder, "SELECT 1;", "add_column.sql") == [
        "1:1: Only comment lines are allowed before the first migration. "
        "A migration starts with a line such as -- migration: add_{{column}}_to_{{table}}.",
        "1:1: The title is missing. Write -- title: followed by a few words about the pattern.",
        "1:1: The file has no migration. A migration starts with a line such as -- migration: add_{{column}}.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("-- about:", "-- colour:", "2:4: Unknown key: colour."),
        ("-- about:", "-- place: 0\n-- about:", "2:11: 0 is not a place in the group. Write a number from 1"),
        ("-- about:", "-- title:", "2:4: title is set twice. The first time is in line 1."),
        ("-- title: Comment on a table\n", "", "1:1: The title is missing."),
        ("Comment on a table", "", "1:10: The title is missing."),
        ("-- field: words", "-- field: table", "7:11: table is set twice. The first time is in line 5."),
        ("-- field: words", "-- field: Words!", "7:11: Words! is not a valid field name."),
        ("--   kind: text", "--   kind: prose", "8:12: prose is not a kind of field. Kinds: name,"),
        ("--   kind: text", "--", "7:11: The field has no kind."),
        ("--   kind: text", "--   kind: text\n--   kind: name", "9:6: kind is set twice."),
        ("--   kind: text", "--   sort: text", "8:6: Unknown key: sort. Known keys: kind,"),
        ("--   kind: text", "--   a text", "8:6: Not in the form key: value: a text"),
        ("--   kind: text", "--   kind: choice", "7:11: The choice has no choices."),
        ("--   required: no", "--   required: maybe", "14:16: required must be yes or no, not maybe."),
        ("--   required: no", "--   choices: a | b", "14:15: A field of kind name cannot have choices."),
        (
            "--   required: no",
            "--   default: a.b",
            "14:15: The default is not valid: Enter a name without a schema.",
        ),
        ("--   required: no", "--   default: {{table", "14:15: {{ does not start a placeholder."),
        ("--   required: no", "--   default: x_{{role}}", "14:17: {{role}}: no field has the name role."),
        ("--   required: no\n", "", None),
        (
            "-- migration: comment_on",
            "-- migration: comment_{{off}}_on",
            "16:23: {{off}}: no field has the name off.",
        ),
        ("-- migration: comment_on_{{table.name}}", "-- migration:", "16:14: The migration has no name."),
        (
            "TABLE {{table}} IS {{words}}",
            "TABLE {{tabel}} IS {{words}}",
            "19:18: {{tabel}}: no field has the name tabel.",
        ),
        (
            "IS {{words}}",
            "IS {{words.name}}",
            "19:31: words has kind text. Only kind qualified name has the part name.",
        ),
        (
            "IS {{words}}",
            "IS {{words.size}}",
            "19:31: words.size: a field has only the parts schema, name, each.",
        ),
        ("IS {{words}}", "IS {{ Words }}", "19:31: {{ does not start a placeholder."),
        ("IS {{words}}", "IS E'{{words}}'", "19:33: A placeholder in a string needs plain quotes"),
        ("IS {{words}}", 'IS "{{words}}"', "19:32: Remove the double quotes around the placeholder"),
        ("IS {{words}}", "IS /* {{words}} */ ''", "19:34: Use a -- comment for a placeholder: in /* */"),
        ("IS {{words}}", "IS {{words}}x", "19:31: A placeholder cannot be joined to other text"),
        (
            "IS {{words}}",
            "IS {{role}}",
            "19:31: role can be empty. Put the text around it in {{#role}} … {{/role}}.",
        ),
        ("IS {{words}}", "IS '{{words}}", "16:15: The generated migration has an error: "),
        ("-- {{/role}}\nCOMMIT", "COMMIT", "20:4: This section is never closed with {{/role}}."),
        ("-- {{#role}}\nGRANT", "GRANT", "21:4: {{/role}} closes a section that is not open."),
        (
            "TABLE {{table}} IS NULL",
            "TABLE {{table}}_x IS NULL",
            "26:21: A placeholder cannot be joined to other text",
        ),
        ("COMMIT;\n-- Rollback", "-- Rollback", "16:15: The generated migration has an error: "),
        (
            "-- Rollback:",
            "-- Back:",
            "16:15: The generated migration has an error: The file has no rollback",
        ),
    ],
)
def test_invalid_pattern_has_a_problem_with_its_place(
    folder: Path, old: str, new: str, expected: str | None
) -> None:
    assert old in GOOD
    found = problems(folder, GOOD.replace(old, new, 1)) if expected else ["not required is right, too"]
    assert any(shown.startswith(expected or "not") for shown in found), found


def test_all_problems_are_reported_together(folder: Path) -> None:
    found = problems(folder, GOOD.replace("kind: text", "kind: prose").replace("{{role}}", "{{rule}}"))
    assert [shown.split(" ", 1)[0] for shown in found] == ["8:12:", "21:30:"]


def test_unreadable_files_are_problems(folder: Path) -> None:
    (folder / "latin.sql").write_bytes("-- title: é".encode("latin-1"))
    (folder / "Bad-Name.sql").write_text(GOOD)
    (folder / "gone.sql").symlink_to(folder / "nowhere")
    (folder / "folder.sql").mkdir()
    _, found = load(folder)
    shown = {problem.path.name: str(problem.problem.message) for problem in found}
    assert shown == {
        "latin.sql": "Not UTF-8 at byte 10.",
        "Bad-Name.sql": "Bad-Name is not a valid pattern name.",
        "gone.sql": "Cannot be read: No such file or directory.",
        "folder.sql": "Cannot be read: Is a directory.",
    }


def test_invalid_values_raise_field_errors(folder: Path) -> None:
    (mine,) = (pattern for pattern in load()[0] if pattern.key == "create_index")
    with pytest.raises(FieldErrors) as caught:
        render(mine, {"columns": "a)", "unique": "perhaps", "colour": "red", "index": "i" * 64})
    assert caught.value.errors == {
        "table": "Needs a value. For example: documents",
        "columns": ") has no matching opening parenthesis or bracket.",
        "unique": "Choose one of: no, yes.",
        "index": "The name has 64 bytes. PostgreSQL silently truncates names to 63 bytes.",
        "colour": "No such field. Fields: table, columns, unique, method, include, where, index.",
    }
    with pytest.raises(FieldErrors) as caught:
        render(mine, {"table": "a\nb", "columns": "c"})
    assert caught.value.errors == {
        "table": "Control characters and line ends are not allowed. The value contains U+000A."
    }


def test_value_that_ends_the_dollar_quote_is_refused() -> None:
    (drop,) = (pattern for pattern in load()[0] if pattern.key == "drop_table")
    with pytest.raises(FieldErrors, match=r"must not contain \$check\$"):
        render(drop, {"table": "x$check$; DROP TABLE y; --"})


def test_value_that_koonj_would_obey_in_a_comment_is_refused(folder: Path) -> None:
    (folder / "mine.sql").write_text(GOOD, encoding="utf-8")
    mine = next(pattern for pattern in load(folder)[0] if pattern.key == "mine")
    for words in ("Rollback:", "koonj: lock_timeout 0", "migrate:up", "+goose Up", "Rollback: none: x"):
        with pytest.raises(FieldErrors, match="would change the statements around it") as caught:
            render(mine, {"table": "t", "words": words})
        assert set(caught.value.errors) == {"words"}


def test_slug_of_many_columns_is_truncated() -> None:
    (key,) = (pattern for pattern in load()[0] if pattern.key == "add_foreign_key")
    columns = ", ".join(f"column_number_{number}" for number in range(30))
    drafts = render(key, {"table": "документы", "columns": columns, "references": "t", "referenced": columns})
    assert all(len(draft.slug) <= 100 for draft in drafts)
    cyrillic = render(key, {"table": "т", "columns": "к", "references": "п", "constraint": "о", "index": "и"})
    assert [draft.slug for draft in cyrillic] == ["create", "add"]
    assert all(not Migration.from_recorded("001_x.sql", draft.text).problems for draft in cyrillic)
