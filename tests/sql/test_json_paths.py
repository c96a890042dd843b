"""Test which paths into JSON values are found in SQL text."""

from __future__ import annotations

import pytest

from koonj.sql.json_paths import json_keys, json_paths

CASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "UPDATE t SET c = c #- '{mail,smtp,port}'": (("mail", "smtp", "port"),),
    "SELECT c #>> '{a, b,0,d}' FROM t": (("a", "b"),),
    "UPDATE t SET c = jsonb_set(c, '{a,b}', '{\"c\": 1}')": (("a", "b"),),
    "SELECT c -> 'a' -> 'b' ->> 'c', c ->> 'd'": (("a", "b", "c"),),
    "SELECT c -> 'a', d -> 'b', c -> 'x' ->> 'y'": (("x", "y"),),
    "UPDATE t SET c['a']['b'] = '1', d['e'] = '2'": (("a", "b"),),
    "SELECT c @? '$.a.b[*] ? (@ > 1)' AND c @@ '$.d.e.size() > 1'": (("a", "b"), ("d", "e")),
    "SELECT jsonb_extract_path(c, 'a', 'b')": (("a", "b"),),
    "DO $$ BEGIN UPDATE t SET c = c #- '{a,b}'; END $$": (("a", "b"),),
    "UPDATE t SET v = '{a,b}' WHERE w = ARRAY['x', 'y'] AND c ->> 'one' = 'two'": (),
}


@pytest.mark.parametrize("text", CASES)
def test_paths_of_several_keys_are_found(text: str) -> None:
    assert json_paths([text]) == CASES[text]


KEYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "UPDATE t SET c = jsonb_set(c, '{a}', '{\"b\": 1}')": (("a",),),
    "UPDATE t SET c = c - 'a' #- '{b}' #- '{x,y}'": (("a",), ("b",)),
    'UPDATE t SET c = c || \'{"a": 1, "b": 2}\'': (("a",), ("b",)),
    "UPDATE t SET c = c || jsonb_build_object('a', 'x', 'b', d)": (("a",), ("b",)),
    "DO $$ BEGIN UPDATE t SET c = c - 'a'; END $$": (("a",),),
    "INSERT INTO t SELECT jsonb_build_object('a', d), v || 'no object', w || '[1' FROM s": (),
}


@pytest.mark.parametrize("text", KEYS)
def test_keys_that_statements_write_or_remove_are_found(text: str) -> None:
    assert json_keys([text]) == KEYS[text]
