"""Format problems as SARIF 2.1.0, which code scanning services read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html. One line for each rule and each result.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from koonj import __version__
from koonj.checks.catalogue import RULES
from koonj.cli.report_paths import ReportPaths
from koonj.migrations.folder import FileProblem
from koonj.migrations.squawk.install import OF_SQUAWK
from koonj.sql.problem import Problem

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SQUAWK_PAGES = "https://squawkhq.com/docs/"


def sarif_lines(problems: Sequence[FileProblem], paths: ReportPaths) -> Iterator[str]:
    """Yield the lines of a SARIF log with one run."""
    first = _first_of_each_code(problems)
    index = {code: number for number, code in enumerate(first)}
    yield f'{{"$schema": {_json(_SCHEMA)}, "version": "2.1.0", "runs": [{{'
    yield f'"tool": {{"driver": {{"name": "koonj", "version": {_json(__version__)}, "rules": ['
    yield from _listed(_rule(problem) for problem in first.values())
    yield "]}},"
    yield '"columnKind": "unicodeCodePoints",'
    yield '"results": ['
    yield from _listed(
        _result(problem, index[problem.code], paths.uri(name)) for name, _, problem in problems
    )
    yield "]}]}"


def _first_of_each_code(problems: Iterable[FileProblem]) -> Mapping[str, Problem]:
    first: dict[str, Problem] = {}
    for *_, problem in problems:
        first.setdefault(problem.code, problem)
    return first


def _rule(problem: Problem) -> dict[str, Any]:
    return {
        "id": problem.code,
        "shortDescription": {"text": problem.code.replace("-", " ")},
        **_explained(problem.code),
        "defaultConfiguration": {"level": problem.severity},
    }


def _explained(code: str) -> dict[str, Any]:
    if code == f"{OF_SQUAWK}syntax-error":  # no rule, so it has no page
        return {"help": {"text": "squawk does not understand the statement."}}
    if code.startswith(OF_SQUAWK):
        page = f"{_SQUAWK_PAGES}{code.removeprefix(OF_SQUAWK)}"
        return {"helpUri": page, "help": {"text": f"A rule of squawk, which explains it: {page}"}}
    page = "checks" if code in RULES else "problems"
    return {"help": {"text": f"docs/{page}.md of koonj explains the problem {code}."}}


def _result(problem: Problem, rule: int, uri: str) -> dict[str, Any]:
    text = f"{problem.message}\n{problem.hint}" if problem.hint else problem.message
    place: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if problem.line is not None:
        place["region"] = {"startLine": problem.line}
        if problem.column is not None:
            place["region"]["startColumn"] = problem.column
    return {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }


def _listed(values: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the items of a JSON array, each on its line, with commas between them."""
    before: str | None = None
    for value in values:
        if before is not None:
            yield f"{before},"
        before = _json(value)
    if before is not None:
        yield before


def _json(value: object) -> str:
    # ASCII only, as in `--json`: every encoding has it, and no terminal obeys it.
    return json.dumps(value, ensure_ascii=True)
