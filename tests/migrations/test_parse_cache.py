"""Test the cache of parsed files: kept values equal fresh ones, and a doubtful cache is not used."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from koonj.migrations import parse_cache
from koonj.migrations.folder import Folder, FolderReader, check
from koonj.migrations.migration import Migration
from koonj.migrations.parse_cache import ParseCache
from koonj.sql import sections

KEPT = (
    "problems",
    "body_problems",
    "rollback_problems",
    "fingerprints",
    "exact_statements_hash",
    "body_summaries",
    "rollback_summaries",
)
GOOD = "BEGIN;\nCREATE TABLE t{0} (id int);\nCOMMIT;\n\n-- Rollback:\n-- DROP TABLE t{0};\n"
PARTS = [
    "BEGIN;", "COMMIT;", "ROLLBACK;", "CREATE TABLE t (a text DEFAULT 'é;');", "COPY t FROM stdin;\n1\n\\.\n", "COPY t FROM stdin;",
    "VACUUM;", "DO $$ BEGIN COMMIT; END $$;", "'", '"', "/*", "(", ")", ";", "\\i x\n", "\\set x 1\n", "\n", "\r\n", "-- Rollback:\n",
    "-- DROP TABLE t;\n", "-- Rollback: none: no\n", "-- Rollback: nothing to undo: no\n", "-- koonj: retries 3\n",
    "-- koonj: retries x\n", "<<<<<<< a\n", "-- migrate:up\n", "\x00", "\ufeff", "\udcff", "SET standard_conforming_strings = off;",
]  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder. Every folder is large enough for the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(parse_cache, "WORTHWHILE", 0)
    return tmp_path / "cache" / "koonj" / "files"


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    """A folder with three files, of which the last has a problem."""
    folder = tmp_path / "migrations"
    folder.mkdir()
    for number in (1, 2):
        (folder / f"00{number}_a.sql").write_text(GOOD.format(number))
    (folder / "003_a.sql").write_text("BEGIN;\nSELECT 1;\n")
    return folder


def values(folder: Folder) -> list[object]:
    return [getattr(migration, name) for migration in folder.migrations for name in KEPT]


def read_and_save(folder: Path) -> list[object]:
    found = FolderReader(folder).read()
    read = values(found)
    found.save_parsed()
    return read


def stored(home: Path) -> Path:
    (file,) = (file for file in home.iterdir() if file.suffix == ".json")
    return file


def count_parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    parsed: list[str] = []
    parse = sections.parse

    def counted(text: str) -> sections.Sections:
        parsed.append(text)
        return parse(text)

    monkeypatch.setattr(sections, "parse", counted)
    return parsed


def test_only_changed_files_are_parsed_again(migrations: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = read_and_save(migrations)
    parsed = count_parses(monkeypatch)
    assert read_and_save(migrations) == first
    assert parsed == []
    (migrations / "002_a.sql").write_text("COMMIT;\n")
    changed = read_and_save(migrations)
    assert parsed == ["COMMIT;\n"]
    assert changed[: len(KEPT)] == first[: len(KEPT)]
    assert [problem.code for problem in FolderReader(migrations).read().migrations[1].problems] == [
        "commit-without-begin",
        "empty",
        "no-rollback",
    ]


def test_check_reports_the_same_from_the_cache(migrations: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = FolderReader(migrations).read()
    first = check(folder)
    assert [(one.name, one.problem.code) for one in first] == [
        ("003_a.sql", "open-transaction"),
        ("003_a.sql", "no-rollback"),
    ]
    folder.save_parsed()
    parsed = count_parses(monkeypatch)
    assert check(FolderReader(migrations).read()) == first
    assert parsed == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.lists(st.sampled_from(PARTS), max_size=12).map("".join), min_size=1, max_size=4))
def test_kept_values_equal_fresh_ones(texts: list[str], tmp_path: Path) -> None:
    folder, cache, fresh = tmp_path / "generated", None, []
    for part in ("stored", "kept"):
        cache = ParseCache(folder)
        found = [
            Migration.of_file(1, "001_a.sql", "/m", "m", text.encode("utf-8", "surrogateescape"), cache)
            for text in texts
        ]
        read = [getattr(migration, name) for migration in found for name in KEPT]
        if part == "stored":
            fresh = [getattr(replace(migration), name) for migration in found for name in KEPT]
        assert read == fresh
        cache.save([migration.file_hash for migration in found])


def test_copy_with_other_bytes_takes_nothing_from_the_cache(migrations: Path) -> None:
    read_and_save(migrations)
    good, *_, bad = FolderReader(migrations).read().migrations
    assert [one.code for one in replace(good, raw=bad.raw).problems] == [one.code for one in bad.problems]


def test_damaged_cache_is_not_used(migrations: Path, home: Path) -> None:
    fresh = read_and_save(migrations)
    content = stored(home).read_bytes()
    for place in range(0, len(content), 67):
        damaged = bytearray(content)
        damaged[place] ^= 1
        stored(home).write_bytes(damaged)
        assert values(FolderReader(migrations).read()) == fresh, place
    for size in (0, 10, len(content) // 2, len(content) - 1):
        stored(home).write_bytes(content[:size])
        assert values(FolderReader(migrations).read()) == fresh, size


def planted(home: Path, change: Callable[[dict[str, dict[str, object]]], object]) -> None:
    """Replace the stored values, with a header that fits."""
    header, _, content = stored(home).read_bytes().partition(b"\n")
    found = json.loads(content)
    new = json.dumps(change(found)).encode()
    parser = header.split()[1].decode()
    stored(home).write_bytes(f"koonj {parser} {sha256(new).hexdigest()}\n".encode() + new)


@pytest.mark.parametrize(
    "wrong", [1, "x", [1], [[1, 2]], [1, 2, 3], [["a", "odd", "m", "h", 1, 1]], {"a": 1}, [{}], ["a"] * 4]
)
def test_value_of_another_form_is_not_used(wrong: object, migrations: Path, home: Path) -> None:
    found = FolderReader(migrations).read().migrations
    fresh = read_and_save(migrations)
    planted(home, lambda found: {key: dict.fromkeys(entry, wrong) for key, entry in found.items()})
    expected = ["x" if isinstance(value, str) and wrong == "x" else value for value in fresh]
    if wrong == ["a"] * 4:  # such as the summaries of four statements; a plan uses as many as there are
        texts = [at for at, name in enumerate(KEPT * len(found)) if name.endswith("summaries")]
        expected = [tuple(wrong) if at in texts else value for at, value in enumerate(expected)]
    assert values(FolderReader(migrations).read()) == expected


@pytest.mark.parametrize("wrong", [[], 1, "of each file"])
def test_content_of_another_form_is_not_used(wrong: object, migrations: Path, home: Path) -> None:
    fresh = read_and_save(migrations)
    planted(home, lambda found: dict.fromkeys(found, 1) if wrong == "of each file" else wrong)
    assert values(FolderReader(migrations).read()) == fresh


def test_cache_of_another_parser_is_not_used(migrations: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_and_save(migrations)
    monkeypatch.setattr(parse_cache, "_parser", lambda: "0" * 64)
    parsed = count_parses(monkeypatch)
    read_and_save(migrations)
    assert len(parsed) == 3


@pytest.mark.parametrize(
    "way", ["writable for others", "symbolic link", "FIFO", "folder writable for others"]
)
def test_file_of_a_stranger_is_not_used(
    way: str, migrations: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = read_and_save(migrations)
    file = stored(home)
    planted(home, lambda found: {key: {**entry, "problems": False} for key, entry in found.items()})
    match way:
        case "writable for others":
            file.chmod(0o622)
        case "symbolic link":
            file.rename(home / "elsewhere")
            file.symlink_to(home / "elsewhere")
        case "FIFO":
            file.unlink()
            os.mkfifo(file, 0o600)
        case _:
            home.chmod(0o777)
    parsed = count_parses(monkeypatch)
    assert values(FolderReader(migrations).read()) == fresh
    assert len(parsed) == 3


def test_only_the_user_can_read_the_cache(migrations: Path, home: Path) -> None:
    read_and_save(migrations)
    assert (home.stat().st_mode & 0o777, stored(home).stat().st_mode & 0o777) == (0o700, 0o600)


def test_folder_is_read_without_a_cache_folder(migrations: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = read_and_save(migrations)
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    assert read_and_save(migrations) == fresh


def test_small_folder_has_no_cache(migrations: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parse_cache, "WORTHWHILE", 1024 * 1024)
    read_and_save(migrations)
    assert not home.exists()


def test_two_processes_store_at_once(migrations: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = FolderReader(migrations).read(), FolderReader(migrations).read()
    fresh = [values(one), values(other)]
    one.save_parsed()
    other.save_parsed()
    parsed = count_parses(monkeypatch)
    assert [values(FolderReader(migrations).read())] * 2 == fresh
    assert parsed == []


def test_oldest_values_are_dropped_when_there_is_no_room(
    migrations: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_cache, "_SPARE", 4)
    for number in range(20):
        (migrations / "003_a.sql").write_text(GOOD.format(number + 10))
        read_and_save(migrations)
    kept = json.loads(stored(home).read_bytes().partition(b"\n")[2])
    assert len(kept) == 3 + 4
    assert sha256(GOOD.format(29).encode()).hexdigest() in kept
    assert sha256(GOOD.format(28).encode()).hexdigest() in kept
    assert sha256(GOOD.format(10).encode()).hexdigest() not in kept
    monkeypatch.setattr(parse_cache, "_MAX_BYTES", 1000)
    (migrations / "003_a.sql").write_text(GOOD.format(50))
    read_and_save(migrations)
    assert stored(home).stat().st_size < 1200


def test_parser_hash_covers_all_code_that_reads_a_file(migrations: Path) -> None:
    top = Path(parse_cache.__file__).parent.parent
    files: set[Path] = set()

    def record(frame: FrameType, _event: str, _argument: object) -> None:
        files.add(Path(frame.f_code.co_filename))

    (migrations / "004_a.sql").write_text(
        "-- koonj: lock_timeout 5s\n\\set x\nVACUUM;\nSELECT 1;\n-- Rollback:\n"
    )
    found = FolderReader(migrations).read()
    sys.setprofile(record)
    try:
        values(replace(found, migrations=tuple(replace(migration) for migration in found.migrations)))
    finally:
        sys.setprofile(None)
    own = {file.relative_to(top) for file in files if file.is_relative_to(top)}
    assert Path("sql/lexer/scanner.py") in own
    assert own <= {file.relative_to(top) for file in parse_cache.parser_sources(top)}
