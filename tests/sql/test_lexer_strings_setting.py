r"""A change of standard_conforming_strings takes effect on the next line, as psql reads it."""

import pytest

from koonj.sql.script import Script

OFF = "SET standard_conforming_strings = off;"
ON = "SET standard_conforming_strings = on;"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{OFF} SELECT\n'a\\'; b';", ["SELECT\n'a\\'; b'"]),
        (f"{OFF}\nSELECT 'a\\'; b';", ["SELECT 'a\\'; b'"]),
        (f"{OFF} SELECT 'a\\'; SELECT 2;", ["SELECT 'a\\'", "SELECT 2"]),
        (f"{OFF} SELECT 'a\\'\n, 'b\\'; c';", ["SELECT 'a\\'\n, 'b\\'; c'"]),
        (f"{OFF} {ON} SELECT\n'a\\'; SELECT 2;", [ON[:-1], "SELECT\n'a\\'", "SELECT 2"]),
        (f"{OFF}\n{ON}\nSELECT 'a\\'; SELECT 2;", [ON[:-1], "SELECT 'a\\'", "SELECT 2"]),
        (f"{OFF}\nSELECT 1; {ON} SELECT 'a\\'; b';", ["SELECT 1", ON[:-1], "SELECT 'a\\'; b'"]),
        (
            f"{OFF}\nRESET standard_conforming_strings;\nSELECT 'a\\';",
            ["RESET standard_conforming_strings", "SELECT 'a\\'"],
        ),
    ],
)
def test_backslashes_escape_from_the_next_line_on(text: str, expected: list[str]) -> None:
    first, *others = (statement.text.removesuffix(";") for statement in Script.of_body(text).statements)
    assert first == OFF[:-1]
    assert others == expected
