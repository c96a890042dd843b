"""Pattern files: what a good one says, and where and why a bad one is wrong."""

from pathlib import Path

import pytest

from koonj.migrations.migration import Migration
from koonj.patterns.pattern import LIBRARY, FieldErrors, FieldKind, load, render

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


def test_a_projects_own_pattern(folder: Path) -> None:
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


def test_windows_line_ends_and_a_byte_order_mark(folder: Path) -> None:
    (folder / "mine.sql").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    patterns, found = load(folder)
    assert not found
    (mine,) = (pattern for pattern in patterns if pattern.key == "mine")
    assert "\r" not in render(mine, {"table": "t", "words": "w"})[0].text


def test_a_projects_pattern_takes_the_place_of_a_built_in_one(folder: Path) -> None:
    (folder / "add_column.sql").write_text(GOOD, encoding="utf-8")
    patterns, _ = load(folder)
    assert [pattern.path for pattern in patterns if pattern.key == "add_column"] == [
        folder / "add_column.sql"
    ]


def test_a_broken_one_does_not_hide_the_built_in(folder: Path) -> None:
    assert problems(folder, "SELECT 1;", "add_column.sql") == [
        "1:1: Only comment lines can stand before the first migration. "
        "A migration begins with a line like -- migration: add_{{column}}_to_{{table}}.",
        "1:1: No title. Write -- title: and what the pattern does, in a few words.",
        "1:1: No migration. A migration begins with a line like -- migration: add_{{column}}.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("-- about:", "-- colour:", "2:4: colour is nothing that koonj knows here."),
        ("-- about:", "-- title:", "2:4: title is there twice. The first one is in line 1."),
        ("-- title: Comment on a table\n", "", "1:1: No title."),
        ("Comment on a table", "", "1:10: No title."),
        ("-- field: words", "-- field: table", "7:11: table is there twice. The first one is in line 5."),
        ("-- field: words", "-- field: Words!", "7:11: Words! cannot be a field's name."),
        ("--   kind: text", "--   kind: prose", "8:12: prose is no kind of field. There are name,"),
        ("--   kind: text", "--", "7:11: The field has no kind."),
        ("--   kind: text", "--   kind: text\n--   kind: name", "9:6: kind is there twice."),
        ("--   kind: text", "--   sort: text", "8:6: sort is nothing that koonj knows here. There are kind,"),
        ("--   kind: text", "--   a text", "8:6: Not key: value: a text"),
        ("--   kind: text", "--   kind: choice", "7:11: A choice without choices."),
        ("--   required: no", "--   required: maybe", "14:16: required is yes or no, not maybe."),
        ("--   required: no", "--   choices: a | b", "14:15: A name has no choices."),
        ("--   required: no", "--   default: a.b", "14:15: The default does not fit: No schema here"),
        ("--   required: no", "--   default: {{table", "14:15: {{ that begins no placeholder"),
        ("--   required: no", "--   default: x_{{role}}", "14:17: There is no field role for {{role}}."),
        ("--   required: no\n", "", None),
        (
            "-- migration: comment_on",
            "-- migration: comment_{{off}}_on",
            "16:23: There is no field off for {{off}}.",
        ),
        ("-- migration: comment_on_{{table.name}}", "-- migration:", "16:14: A migration without a name."),
        ("TABLE {{table}} IS {{words}}", "TABLE {{tabel}} IS {{words}}", "19:18: There is no field tabel"),
        ("IS {{words}}", "IS {{words.name}}", "19:31: words is a text: only a qualified name has a name."),
        (
            "IS {{words}}",
            "IS {{words.size}}",
            "19:31: words.size: a field has the parts schema and name only.",
        ),
        ("IS {{words}}", "IS {{ Words }}", "19:31: {{ that begins no placeholder"),
        ("IS {{words}}", "IS E'{{words}}'", "19:33: A placeholder in a string needs plain quotes"),
        ("IS {{words}}", 'IS "{{words}}"', "19:32: No placeholder in double quotes"),
        ("IS {{words}}", "IS /* {{words}} */ ''", "19:34: No placeholder in /* */"),
        ("IS {{words}}", "IS {{words}}x", "19:31: A placeholder has to stand alone"),
        (
            "IS {{words}}",
            "IS {{role}}",
            "19:31: role may be empty: put what needs it between {{#role}} and {{/role}}.",
        ),
        ("IS {{words}}", "IS '{{words}}", "16:15: The migration would be wrong: "),
        ("-- {{/role}}\nCOMMIT", "COMMIT", "20:4: This is never closed with {{/role}}."),
        ("-- {{#role}}\nGRANT", "GRANT", "21:4: {{/role}} closes what is not open."),
        ("TABLE {{table}} IS NULL", "TABLE {{table}}_x IS NULL", "26:21: A placeholder has to stand alone"),
        ("COMMIT;\n-- Rollback", "-- Rollback", "16:15: The migration would be wrong: "),
        (
            "-- Rollback:",
            "-- Back:",
            "16:15: The migration would be wrong: The file does not say how to undo it",
        ),
    ],
)
def test_what_is_wrong_and_where(folder: Path, old: str, new: str, expected: str | None) -> None:
    assert old in GOOD
    found = problems(folder, GOOD.replace(old, new, 1)) if expected else ["not required is right, too"]
    assert any(told.startswith(expected or "not") for told in found), found


def test_every_problem_is_told_at_once(folder: Path) -> None:
    found = problems(folder, GOOD.replace("kind: text", "kind: prose").replace("{{role}}", "{{rule}}"))
    assert [told.split(" ", 1)[0] for told in found] == ["8:12:", "21:30:"]


def test_files_that_cannot_be_read(folder: Path) -> None:
    (folder / "latin.sql").write_bytes("-- title: é".encode("latin-1"))
    (folder / "Bad-Name.sql").write_text(GOOD)
    (folder / "gone.sql").symlink_to(folder / "nowhere")
    (folder / "folder.sql").mkdir()
    _, found = load(folder)
    told = {problem.path.name: str(problem.problem.message) for problem in found}
    assert told == {
        "latin.sql": "Not UTF-8 at byte 10.",
        "Bad-Name.sql": "Bad-Name cannot be a pattern's key.",
        "gone.sql": "Cannot be read: No such file or directory.",
        "folder.sql": "Cannot be read: Is a directory.",
    }


def test_values_that_do_not_fit(folder: Path) -> None:
    (mine,) = (pattern for pattern in load()[0] if pattern.key == "create_index")
    with pytest.raises(FieldErrors) as caught:
        render(mine, {"columns": "a)", "unique": "perhaps", "colour": "red", "index": "i" * 64})
    assert caught.value.errors == {
        "table": "Needs a value. For example: documents",
        "columns": ") closes nothing.",
        "unique": "One of: no, yes.",
        "index": "64 bytes; PostgreSQL keeps 63 of a name and cuts the rest without a word.",
        "colour": "No such field; there are table, columns, unique, method, where, index.",
    }
    with pytest.raises(FieldErrors) as caught:
        render(mine, {"table": "a\nb", "columns": "c"})
    assert caught.value.errors == {"table": "One line without control characters; U+000A is in it."}


def test_a_value_cannot_end_the_dollar_quote_around_it() -> None:
    (drop,) = (pattern for pattern in load()[0] if pattern.key == "drop_table")
    with pytest.raises(FieldErrors, match=r"\$check\$ cannot be in it"):
        render(drop, {"table": "x$check$; DROP TABLE y; --"})


def test_what_a_comment_says_is_not_obeyed(folder: Path) -> None:
    (folder / "mine.sql").write_text(GOOD, encoding="utf-8")
    mine = next(pattern for pattern in load(folder)[0] if pattern.key == "mine")
    for words in ("Rollback:", "koonj: lock_timeout 0", "migrate:up", "+goose Up", "Rollback: none: x"):
        with pytest.raises(FieldErrors, match="would change the statements around it") as caught:
            render(mine, {"table": "t", "words": words})
        assert set(caught.value.errors) == {"words"}


def test_a_list_of_many_columns_gives_a_slug_that_fits() -> None:
    (key,) = (pattern for pattern in load()[0] if pattern.key == "add_foreign_key")
    columns = ", ".join(f"column_number_{number}" for number in range(30))
    drafts = render(key, {"table": "документы", "columns": columns, "references": "t", "referenced": columns})
    assert all(len(draft.slug) <= 100 for draft in drafts)
    cyrillic = render(key, {"table": "т", "columns": "к", "references": "п", "constraint": "о", "index": "и"})
    assert [draft.slug for draft in cyrillic] == ["create", "add"]
    assert all(not Migration.from_recorded("001_x.sql", draft.text).problems for draft in cyrillic)
