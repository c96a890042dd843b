"""Write docs/library.md: koonj's own patterns, the files that they make, and the locks that these take.

Also write these locks where the form of a pattern reads them (patterns/library/locks.json).

The locks are measured: the first case of each pattern's tests is rehearsed on a server of its own.
`make patterns` runs it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import psycopg

from koonj.config import ScratchPlace
from koonj.migrations.new import Draft, create
from koonj.patterns.catalog_reference import CatalogThing
from koonj.patterns.measured_locks import FACTS
from koonj.patterns.names import read_qualified
from koonj.patterns.pattern import Pattern, load, render
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import choose
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.runner.impact.table_effects import full_reads
from koonj.runner.rehearse.rehearsal_wording import effects, lock_words
from koonj.runner.rehearse.verdict import Rehearsal
from support.pattern_cases.all_cases import first_case
from support.pattern_cases.case import EXAMPLE, Case, compose
from support.rehearsal_folder import RehearsalFolder

PAGE = Path(__file__).parent / "library.md"
HEAD = """\
# koonj's own patterns

This page is made from the pattern files and from their tests: `docs/library.py` writes it. Each file that a
pattern makes is shown with what its statements lock, as measured in a rehearsal on {server}. The tests
apply each of them while an application reads and writes, roll it back to the same schema, and apply it again,
also with names that need quotes and names of 63 bytes. [How to write a pattern of your own](patterns.md).

A lock without its time says little: `ACCESS EXCLUSIVE` for a moment is harmless if nothing long is running,
and the same lock during a scan stops everything. The patterns take strong locks only in statements that read
no row, unless their text says otherwise.
"""


def main() -> None:
    """Write the page."""
    patterns, problems = load()
    if problems:
        sys.exit("\n".join(map(str, problems)))
    with TemporaryServer(choose()) as server:
        measured = [
            (pattern, asyncio.run(rehearsals(first_case(pattern.key), server))) for pattern in patterns
        ]
    facts = {pattern.key: lock_facts(pattern, found) for pattern, found in measured}
    FACTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    name = measured[0][1][0].server
    PAGE.write_text("\n".join([HEAD.format(server=name), *page(measured)]) + "\n", encoding="utf-8")


async def rehearsals(case: Case, server: TemporaryServer) -> list[Rehearsal]:
    """Rehearse the files of a case; return a verdict for each."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        with psycopg.connect(server.dsn()) as connection:
            setup = compose(case.setup, EXAMPLE, connection)
        create(path, [Draft("setup", f"BEGIN;\n{setup}\nCOMMIT;\n")])
        for key, values in case.earlier(EXAMPLE):
            create(path, drafts_of(key, values))
        names = [file.name for file in create(path, drafts_of(case.key, case.typed_values(EXAMPLE)))]
        async with Connector() as connector:
            found = await RehearsalFolder(path, connector, ScratchPlace(server.dsn())).rehearse(*names)
        return [found[name] for name in names]


def drafts_of(key: str, values: dict[str, str]) -> tuple[Draft, ...]:
    """Return the migrations that a pattern makes."""
    patterns, _ = load()
    return render(next(pattern for pattern in patterns if pattern.key == key), values)


def page(measured: list[tuple[Pattern, list[Rehearsal]]]) -> Iterator[str]:
    """Yield the lines of the page below its head."""
    for group, members in groupby(measured, key=lambda one: one[0].group):
        listed = list(members)
        yield f"## {group}\n"
        yield "| pattern | what it does |\n| --- | --- |"
        yield from (f"| [`{pattern.key}`](#{pattern.key}) | {pattern.title} |" for pattern, _ in listed)
        yield ""
        for pattern, found in listed:
            yield from section(pattern, found)


def section(pattern: Pattern, found: list[Rehearsal]) -> Iterator[str]:
    """Yield the lines about one pattern."""
    yield f"### {pattern.key}\n\n{pattern.title}. {pattern.description}\n"
    if pattern.later is not None:
        yield f"The step that must wait is a pattern of its own: [`{pattern.later}`](#{pattern.later}).\n"
    case = first_case(pattern.key)
    drafts = drafts_of(case.key, case.typed_values(EXAMPLE))
    for draft, rehearsal in zip(drafts, found, strict=True):
        yield f"`NNN_{draft.slug}.sql`: {rehearsal.verdict.value}\n"
        yield f"```sql\n{draft.text.strip()}\n```\n"
        rows = [row for trace in rehearsal.apply for row in lock_rows(trace)]
        if rows:
            yield "| statement | locks, and what it reads or changes |\n| --- | --- |"
            yield from rows
            yield ""


def lock_facts(pattern: Pattern, found: list[Rehearsal]) -> dict[str, list[dict[str, object]]]:
    """Return, for each field that names a table, the strongest long lock on it, and a stronger short one."""
    values = first_case(pattern.key).typed_values(EXAMPLE)
    facts: dict[str, list[dict[str, object]]] = {}
    for field in pattern.fields:
        reference = field.catalog
        if reference is None or reference.new or reference.thing not in _TABLES or field.name not in values:
            continue
        schema, name = read_qualified(values[field.name])
        if schema is None and reference.of in values:
            _, schema = read_qualified(values[reference.of])
        locks = locks_on(f"{schema or 'public'}.{name}", found)
        if locks:
            facts[field.name] = [
                {"mode": mode.value, "stops": _STOPS[mode.level], "long": long} for mode, long in locks
            ]
    return facts


_TABLES = {CatalogThing.TABLE, CatalogThing.MATERIALIZED_VIEW}
_STOPS = {1: "", 2: "writes", 3: "reads and writes"}


def locks_on(relation: str, found: list[Rehearsal]) -> list[tuple[LockMode, bool]]:
    """Return the locks on a relation: (mode, whether it is held while a statement reads or writes rows)."""
    strongest: dict[bool, LockMode] = {}
    for trace in (trace for rehearsal in found for trace in rehearsal.apply):
        for lock in trace.effective:
            long = bool(full_reads(trace, {}, frozenset()) or trace.written)
            if lock.relation == relation and lock.mode.rank > _rank(strongest.get(long)):
                strongest[long] = lock.mode
    return [
        (mode, long)
        for long, mode in sorted(strongest.items(), reverse=True)
        if long or mode.rank > _rank(strongest.get(True))
    ]


def _rank(mode: LockMode | None) -> int:
    return 0 if mode is None else mode.rank


def lock_rows(trace: StatementTrace) -> Iterator[str]:
    """Yield the row of a table for a statement that locks or reads something."""
    words = "; ".join((*lock_words(trace), *effects(trace)))
    if words:
        yield f"| {cell(trace.summary)} | {cell(words)} |"


def cell(text: str) -> str:
    """Return text for a cell of a table."""
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
