"""Try each of koonj's own patterns on a real server: its files, their rollback, and an application meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
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
from support.pattern_cases.case import LONGEST, ODD, Case, Names, compose, plain
from support.project import Project, run_finished
from support.rehearsal_folder import RehearsalFolder

UNUSUAL = [pytest.param(case, names, id=f"{case.label}-{names.label}") for case in CASES for names in (ODD, LONGEST) if names.label in case.names]  # fmt: skip


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


@pytest.mark.parametrize(("case", "names"), UNUSUAL)
def test_a_pattern_works_with_unusual_names(bench: Any, library: Any, case: Case, names: Names) -> None:
    prepare(bench, case, names)
    earlier, drafts = drafts_of(library, case, names)
    for draft in earlier:
        bench.up(draft)
    schemas = [bench.schema()]
    for draft in drafts:
        bench.up(draft)
        schemas.append(bench.schema())
    assert execute(bench, case.check, names)[0][0] is True
    for draft in drafts if case.again else ():
        bench.run(draft.text)  # It fails, or all of them together change nothing.
    assert bench.schema() == schemas[-1]
    for draft, before in zip(reversed(drafts), reversed(schemas[:-1]), strict=True) if case.restores else ():
        bench.down(draft)
        assert bench.schema() == before
    if case.unchecked is not None:
        assert str(execute(bench, case.check, names)[0][0]) == case.unchecked
    for draft in drafts if case.restores else ():
        bench.up(draft)
    assert not case.restores or bench.schema() == schemas[-1]


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
