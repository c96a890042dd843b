"""Try each of koonj's own patterns on a real server: its files, their rollback, and an application meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from koonj.config import ScratchPlace, Target
from koonj.migrations.new import Draft, create
from koonj.patterns.pattern import GROUPS, LIBRARY
from koonj.postgres.connector import Connector
from koonj.runner.run.request import Extent
from support.application_load import application_load
from support.pattern_cases.all_cases import CASES
from support.pattern_cases.case import LONGEST, ODD, Case, Names, compose, plain, unusual
from support.project import Project, run_finished
from support.rehearsal_folder import RehearsalFolder

TOGETHER = 16
"""How many cases share a database at most: a dump of it takes hardly longer than one of a single case."""
ALONE = {"create_extension", "default_privileges", "grant_on_schema"}
"""Patterns that change what has not the names of the case: a database, or a schema with objects of all cases."""


def unusual_cases() -> Iterator[Any]:
    """Return the cases with unusual names, several for one database where they do not touch each other.

    Those whose rollback does not restore all share other databases.
    """
    for names in (ODD, LONGEST):
        cases = [case for case in CASES if names.label in case.names]
        parts = [[case] for case in cases if case.key in ALONE]
        for restores in (True, False):
            shared = [case for case in cases if case.restores is restores and case.key not in ALONE]
            parts += [shared[n : n + TOGETHER] for n in range(0, len(shared), TOGETHER)]
        for part in parts:
            more = f"-and-{len(part) - 1}-more" if part[1:] else ""
            yield pytest.param(part, names, id=f"{part[0].label}{more}-{names.label}")


def execute(bench: Any, text: str, names: Names) -> list[tuple[Any, ...]]:
    """Run SQL with names; return the rows of its last statement."""
    with psycopg.connect(bench.dsn, autocommit=True) as connection:
        cursor = connection.execute(compose(text, names, connection))
        while cursor.nextset():
            continue
        return cursor.fetchall() if cursor.description is not None else []


def prepare(bench: Any, case: Case, names: Names) -> None:
    if names.schema:
        execute(bench, "CREATE SCHEMA IF NOT EXISTS {schema}", names)
    execute(bench, case.setup, names)


def drafts_of(library: Any, case: Case, names: Names) -> tuple[tuple[Draft, ...], tuple[Draft, ...]]:
    """Return the migrations that come before, and those of the case."""
    before = [draft for key, values in case.earlier(names) for draft in library.drafts(key, **values)]
    return tuple(before), library.drafts(case.key, **case.typed_values(names))


def test_each_pattern_has_a_case() -> None:
    assert {case.key for case in CASES} == {path.stem for path in LIBRARY.glob("*.sql")}


def test_labels_are_different() -> None:
    labels = [case.label for case in CASES]
    assert len(set(labels)) == len(labels)


@dataclass
class Tried:
    """A case with its names and its migrations."""

    case: Case
    names: Names
    drafts: tuple[Draft, ...]


@pytest.mark.parametrize(("cases", "names"), list(unusual_cases()))
def test_patterns_work_with_unusual_names(
    bench: Any, library: Any, cases: Sequence[Case], names: Names
) -> None:
    """Apply the files of each case, again, roll them back and apply them; the names in a message tell the case."""
    tried = [start(bench, library, case, unusual(names, case.label)) for case in cases]
    schemas = [bench.schema()]
    for step in range(max(len(each.drafts) for each in tried)):
        one_step(bench.up, tried, step)
        schemas.append(bench.schema())
    for each in tried:
        assert execute(bench, each.case.check, each.names)[0][0] is True, each.case.label
    for draft in (draft for each in tried if each.case.again for draft in each.drafts):
        bench.run(draft.text)  # It fails, or all files of its case together change nothing.
    must_be_same(schemas[-1], bench.schema())
    if restoring := [each for each in tried if each.case.restores]:
        for step, before in reversed(list(enumerate(schemas[:-1]))):
            one_step(bench.down, restoring, step)
            must_be_same(before, bench.schema())
    for each in (each for each in tried if each.case.unchecked is not None):
        assert str(execute(bench, each.case.check, each.names)[0][0]) == each.case.unchecked, each.case.label
    for draft in (draft for each in restoring for draft in each.drafts):
        bench.up(draft)
    if restoring:
        must_be_same(schemas[-1], bench.schema())


def must_be_same(expected: str, found: str) -> None:
    """Fail with the parts of two dumps that differ: each begins with the name and the schema of its object."""
    parts = [dump.split("\n--\n-- Name: ") for dump in (expected, found)]
    assert expected == found, "\n".join(sorted(set(parts[0]) ^ set(parts[1]))) or "only the order differs"


def one_step(run: Callable[[Draft], object], tried: Iterable[Tried], step: int) -> None:
    """Run the migration with that number of each case that has so many."""
    for each in tried:
        for draft in each.drafts[step : step + 1]:
            run(draft)


def start(bench: Any, library: Any, case: Case, names: Names) -> Tried:
    """Prepare the database for a case: what exists before it, and the migrations that come before."""
    prepare(bench, case, names)
    earlier, drafts = drafts_of(library, case, names)
    for draft in earlier:
        bench.up(draft)
    return Tried(case, names, drafts)


def test_each_case_is_tried_with_its_unusual_names_once() -> None:
    tried = [(case.label, param.values[1].label) for param in unusual_cases() for case in param.values[0]]
    assert sorted(tried) == sorted((case.label, label) for case in CASES for label in case.names)


@pytest.mark.parametrize("group", GROUPS)
async def test_an_application_goes_on_while_koonj_applies_the_patterns(
    tmp_path: Path, each_bench: Any, library: Any, group: str
) -> None:
    cases = list(of_group(library, group))
    folder = tmp_path / "migrations"
    folder.mkdir()
    for case in cases:
        names = plain(case.label)
        prepare(each_bench, case, names)
        for drafts in drafts_of(library, case, names):
            create(folder, drafts)
    before = each_bench.schema()
    statements = list(composed_traffic(each_bench, cases))
    async with Connector() as connector:
        project = Project(folder, Target("local", each_bench.dsn), connector)
        with application_load(each_bench.dsn, statements) as traffic:
            finished(await project.apply())
        assert not traffic.errors
        assert traffic.done >= 2 * len(statements)
        assert set((await project.states()).values()) <= {"applied"}
        for case in cases:
            assert execute(each_bench, case.check, plain(case.label))[0][0] is True, case.label
        if all(case.restores for case in cases):
            finished(await project.roll_back(extent=Extent.ALL))
            each_bench.sql("DROP SCHEMA IF EXISTS koonj CASCADE")
            assert each_bench.schema() == before


@pytest.mark.parametrize("group", GROUPS)
async def test_the_rehearsal_proves_the_rollbacks(
    tmp_path: Path, each_bench: Any, library: Any, server: Any, each_server: Any, group: str
) -> None:
    cases = list(of_group(library, group))
    if each_server is not server:  # a rehearsal takes long: the first case of each pattern is enough
        cases = list({case.key: case for case in reversed(cases)}.values())
    folder = tmp_path / "migrations"
    folder.mkdir()
    async with Connector() as connector:
        rehearsing = RehearsalFolder(folder, connector, ScratchPlace(each_server.dsn()))
        expected: dict[str, str] = {}
        for case in cases:
            names = plain(case.label)
            with psycopg.connect(each_bench.dsn) as connection:
                setup = compose(case.setup, names, connection)
            create(folder, [Draft(f"setup_of_{case.label}", f"BEGIN;\n{setup}\nCOMMIT;\n")])
            earlier, drafts = drafts_of(library, case, names)
            create(folder, earlier)
            expected |= {path.name: case.verdict for path in create(folder, drafts)[-1:]}
        found = await rehearsing.rehearse(*expected) if expected else {}
        wrong = {
            name: (rehearsal.verdict.value, rehearsal.message)
            for name, rehearsal in found.items()
            if rehearsal.verdict.value != expected[name]
        }
        assert not wrong


def of_group(library: Any, group: str) -> Iterable[Case]:
    return [case for case in CASES if library.patterns[case.key].group == group]


def composed_traffic(bench: Any, cases: Iterable[Case]) -> Iterable[str]:
    with psycopg.connect(bench.dsn) as connection:
        for case in cases:
            for text in (case.read, case.write):
                if text is not None:
                    yield compose(text, plain(case.label), connection)


def finished(events: list[Any]) -> None:
    last = run_finished(events)
    assert last.failure is None, last.failure
    assert not last.not_run, last.message
