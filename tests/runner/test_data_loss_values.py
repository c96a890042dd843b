"""Test that made-up rows contain values that a change loses although it keeps most others."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.config import ScratchPlace
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from support.rehearsal_folder import RehearsalFolder

pytestmark = pytest.mark.slow

BASE = """
    CREATE TABLE things (
        id int PRIMARY KEY, word text, line text, body text, part text, code varchar(12), title varchar(100), share float8, list int[],
        span interval, band numrange, options jsonb, same text, half float8, raw bytea, inside jsonb
    );
    CREATE TABLE paths (id int PRIMARY KEY, a jsonb, b jsonb, c jsonb, d jsonb, e jsonb NOT NULL);
    CREATE TABLE numbers (
        id bigint PRIMARY KEY, small int NOT NULL, large bigint, money numeric(24, 4), at timestamptz, kept int, short smallint
    );
    CREATE TABLE text_keys (code text PRIMARY KEY, value text);
    CREATE TABLE twin_keys (name text NOT NULL, value int NOT NULL);
    CREATE TABLE null_keys (id int PRIMARY KEY, place text, value int);
    CREATE TABLE wide_keys (name text NOT NULL, day date NOT NULL, value int NOT NULL);
    CREATE TABLE named (id int PRIMARY KEY, name text NOT NULL, value int NOT NULL);
    CREATE TABLE halves (student text, course text, value int, PRIMARY KEY (student, course));
    CREATE TABLE first_halves (id int REFERENCES named, other int REFERENCES things, value int, PRIMARY KEY (id, other));
    CREATE TABLE folded (name text NOT NULL, day date NOT NULL);
"""


@pytest.fixture
def folder(tmp_path: Path, connector: Connector, server: TemporaryServer) -> RehearsalFolder:
    made = RehearsalFolder(tmp_path, connector, ScratchPlace(server.dsn()))
    made.write(1, BASE)
    return made


async def rehearsed(folder: RehearsalFolder, body: str, rollback: str) -> Rehearsal:
    folder.write(2, body, rollback)
    return await folder.last()


UPDATES = {
    "word": ("normalize(word, NFC)", "word"),
    "line": (r"translate(line, E'\t', ' ')", "line"),
    "body": ("left(body, 4000)", "body"),
    "part": ("substr(part, 1, 777)", "part"),
    "title": ("left(title, 96)", "title"),
    "code": ("code::char(12)::varchar(12)", "code"),
    "share": ("share * 100", "share * 0.01"),
    "list": ("coalesce(list, '{}')", "nullif(list, '{}')"),
    "span": ("span - date_trunc('month', span)", "span"),
    "band": ("CASE WHEN band IS NOT NULL THEN numrange(lower(band), upper(band)) END", "band"),
    "options": ("jsonb_strip_nulls(options)", "options"),
    "raw": ("coalesce(raw, '')", "nullif(raw, '')"),
    "inside": ("coalesce(inside, '{}')", "nullif(inside, '{}')"),
}


async def test_update_that_most_values_survive_loses_others(folder: RehearsalFolder) -> None:
    kept = {"same": ("'x' || same", "substr(same, 2)"), "half": ("half * 4", "half / 4")}
    found = await rehearsed(
        folder,
        "".join(f"UPDATE things SET {name} = {new};" for name, (new, _) in (UPDATES | kept).items()),
        "".join(f"UPDATE things SET {name} = {old};" for name, (_, old) in (UPDATES | kept).items()),
    )
    assert {f"overwrites things.{name} (UPDATE)" for name in UPDATES} == {
        loss for loss in found.losses if "rollback" not in loss
    }


PATHS = {
    "a": "a #- '{mail,smtp,port}'",
    "b": "CASE WHEN b -> 'mail' -> 'host' ->> 'name' IS NULL THEN b ELSE '[]' END",
    "c": "CASE WHEN c['one']['two'] IS NULL THEN c ELSE '[]' END",
    "d": "CASE WHEN d @@ '$.list.size > 0' OR d @? '$.list.size' THEN '[]' ELSE d END",
}


async def test_json_values_contain_the_paths_of_the_statements(folder: RehearsalFolder) -> None:
    found = await rehearsed(
        folder,
        "".join(f"UPDATE paths SET {name} = {new};" for name, new in PATHS.items()),
        "".join(f"UPDATE paths SET {name} = {name};" for name in PATHS),
    )
    assert {f"overwrites paths.{name} (UPDATE)" for name in PATHS} == {
        loss for loss in found.losses if "rollback" not in loss
    }


async def test_numbers_are_large_enough_to_be_rounded(folder: RehearsalFolder) -> None:
    found = await rehearsed(
        folder,
        "ALTER TABLE numbers ALTER id TYPE float8, ALTER small TYPE real, ALTER large TYPE float8, "
        "ALTER money TYPE float8, ALTER at TYPE timestamptz(3), ALTER kept TYPE float8, ALTER short TYPE real;",
        "ALTER TABLE numbers ALTER id TYPE bigint, ALTER small TYPE int, ALTER large TYPE bigint, "
        "ALTER money TYPE numeric(24, 4), ALTER at TYPE timestamptz, ALTER kept TYPE int, ALTER short TYPE smallint;",
    )
    lost = {loss.split()[1].rpartition(".")[2] for loss in found.losses if "rollback" not in loss}
    assert lost == {"id", "small", "large", "money", "at"}


@pytest.mark.parametrize("change", ["money = money * 10", "kept = kept * 100"])
async def test_large_numbers_are_tried_without_those_that_overflow(
    folder: RehearsalFolder, change: str
) -> None:
    found = await rehearsed(
        folder,
        f"ALTER TABLE numbers ALTER small TYPE real; UPDATE numbers SET {change};",
        f"ALTER TABLE numbers ALTER small TYPE int; UPDATE numbers SET {change.replace('*', '/')};",
    )
    assert [loss.split()[1] for loss in found.losses] == ["public.numbers.small"]


async def test_other_odd_values_are_tried_if_long_texts_are_refused(folder: RehearsalFolder) -> None:
    found = await rehearsed(
        folder,
        "ALTER TABLE things ALTER body TYPE varchar(777); UPDATE things SET word = normalize(word);",
        "ALTER TABLE things ALTER body TYPE text;",
    )
    assert found.losses == ("overwrites things.word (UPDATE)",)


async def test_other_rows_are_tried_if_equal_values_are_refused(folder: RehearsalFolder) -> None:
    found = await rehearsed(
        folder,
        "CREATE UNIQUE INDEX u ON twin_keys (name); UPDATE things SET word = normalize(word);",
        "DROP INDEX u;",
    )
    assert found.losses == ("overwrites things.word (UPDATE)",)


async def test_short_texts_are_tried_if_long_ones_are_refused(folder: RehearsalFolder) -> None:
    found = await rehearsed(
        folder,
        "ALTER TABLE things ALTER body TYPE char(20);",
        "ALTER TABLE things ALTER body TYPE text;",
    )
    assert [loss.split()[1] for loss in found.losses] == ["public.things.body"]


async def test_other_rows_are_tried_if_odd_values_are_refused(folder: RehearsalFolder) -> None:
    found = await rehearsed(
        folder,
        "UPDATE things SET raw = convert_to(word, 'LATIN1') WHERE raw IS NULL AND false OR length(word) = -1 "
        "OR convert_to(word, 'LATIN1') = 'x'; UPDATE things SET line = trim(line);",
        "SELECT 1;",
    )
    assert "overwrites things.line (UPDATE)" in found.losses


FORMS = ["int", "numeric", "uuid", "boolean", "date", "timestamptz", "inet", "interval", "jsonb"]


@pytest.mark.parametrize("form", FORMS)
async def test_text_is_lost_if_a_type_writes_it_differently(folder: RehearsalFolder, form: str) -> None:
    found = await rehearsed(
        folder,
        f"ALTER TABLE things ALTER word TYPE {form} USING word::{form};",
        f"ALTER TABLE things ALTER word TYPE text USING {'host(word)' if form == 'inet' else 'word::text'};",
    )
    assert found.losses[0].startswith("changes public.things.word from text to ")


@pytest.mark.parametrize("form", ["int", "uuid"])
async def test_text_of_a_key_is_lost_if_a_type_writes_it_differently(
    folder: RehearsalFolder, form: str
) -> None:
    found = await rehearsed(
        folder,
        f"ALTER TABLE text_keys ALTER code TYPE {form} USING code::{form};",
        "ALTER TABLE text_keys ALTER code TYPE text;",
    )
    assert found.verdict is Verdict.LOSSY
    assert "might" not in found.message


JOINED = {
    "twin_keys": ["name"],
    "null_keys": ["id", "place"],
    "wide_keys": ["name", "day"],
    "named": ["name"],
    "halves": ["course"],
    "first_halves": ["id"],
}


async def test_values_are_lost_if_a_rollback_joins_by_columns_that_are_no_key(
    folder: RehearsalFolder,
) -> None:
    body = rollback = ""
    for table, columns in JOINED.items():
        same = " AND ".join(f"t.{column} = k.{column}" for column in columns)
        body += f"CREATE TABLE k_{table} AS SELECT * FROM {table}; ALTER TABLE {table} DROP value;"
        rollback += f"""ALTER TABLE {table} ADD value int;
            UPDATE {table} t SET value = k.value FROM k_{table} k WHERE {same}; DROP TABLE k_{table};"""
    found = await rehearsed(folder, body, rollback)
    assert {f"drops the column public.{table}.value with its values" for table in JOINED} <= set(found.losses)


async def test_equal_rows_are_lost_if_they_are_folded(folder: RehearsalFolder) -> None:
    found = await rehearsed(
        folder,
        "CREATE TABLE k AS SELECT * FROM folded UNION SELECT * FROM folded; DROP TABLE folded;",
        "ALTER TABLE k RENAME TO folded;",
    )
    assert found.losses == ("drops the table public.folded with its rows",)


KEPT: dict[str, tuple[str, str]] = {
    "wider types": (
        "ALTER TABLE numbers ALTER small TYPE bigint, ALTER short TYPE int, ALTER large TYPE text;",
        "ALTER TABLE numbers ALTER small TYPE int, ALTER short TYPE smallint, "
        "ALTER large TYPE bigint USING large::bigint;",
    ),
    "copy of all rows": (
        "CREATE TABLE k AS SELECT * FROM things; UPDATE things SET word = left(word, 9), body = upper(body), "
        "share = share * 0.1, list = '{}', options = jsonb_set(options, '{a,b}', '1');",
        "UPDATE things t SET word = k.word, body = k.body, share = k.share, list = k.list, options = k.options "
        "FROM k WHERE k.id = t.id; DROP TABLE k;",
    ),
    "copy without a key": (
        "CREATE TABLE k AS SELECT * FROM null_keys; TRUNCATE null_keys;",
        "INSERT INTO null_keys SELECT * FROM k; DROP TABLE k;",
    ),
    "new key": (
        "CREATE UNIQUE INDEX u ON twin_keys (name); CREATE TABLE k AS SELECT * FROM twin_keys; "
        "ALTER TABLE twin_keys DROP value;",
        "ALTER TABLE twin_keys ADD value int; UPDATE twin_keys t SET value = k.value FROM k WHERE k.name = t.name; "
        "DROP TABLE k; DROP INDEX u; ALTER TABLE twin_keys ALTER value SET NOT NULL;",
    ),
    "overflow": (
        "ALTER TABLE numbers ALTER small TYPE bigint, ADD twice int; UPDATE numbers SET twice = kept * 100;",
        "ALTER TABLE numbers ALTER small TYPE int, DROP twice;",
    ),
    "text that is too long": (
        "ALTER TABLE things ALTER body TYPE varchar(777);",
        "ALTER TABLE things ALTER body TYPE text;",
    ),
}


@pytest.mark.parametrize("case", KEPT)
async def test_odd_values_that_are_restored_are_no_loss(folder: RehearsalFolder, case: str) -> None:
    found = await rehearsed(folder, *KEPT[case])
    assert (found.verdict, found.losses) == (Verdict.VERIFIED, ()), found.message
