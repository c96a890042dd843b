"""Migrations with rollbacks, and whether data is lost when both have run.

Format of the files in tests/runner/data_loss_cases/: a case starts with `### NAME: loses` or `### NAME: keeps`, and
can have a remark after `|`. Its sections are SQL: `[schema]` and `[rows]` exist before the migration, `[migration]` and
`[rollback]` are its two scripts. `[base NAME]` means that schema and rows of bases/NAME.txt exist first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import indent

FOLDER = Path(__file__).parents[1] / "runner" / "data_loss_cases"
_HEADING = re.compile(r"^### ([\w-]+): (loses|keeps)(?: \|.*)?\n", re.MULTILINE)
_SECTION = re.compile(r"^\[(base \w+|schema|rows|migration|rollback)\]\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class DataLossCase:
    """One migration."""

    name: str
    loses: bool
    """Whether data is lost. Measured with the rows of the case."""
    schema: str
    rows: str
    """Rows of the tables. koonj does not know them when it rehearses the migration."""
    migration: str
    rollback: str

    def write(self, folder: Path) -> str:
        """Write the migration and an earlier one with the schema. Return the migration's file name."""
        (folder / "001_schema.sql").write_text(f"{self.schema}\n-- Rollback: none: the schema of a test\n")
        (folder / "002_case.sql").write_text(
            f"{self.migration}\n-- Rollback:\n{indent(self.rollback, '-- ')}"
        )
        return "002_case.sql"


def data_loss_cases() -> list[DataLossCase]:
    """Return all cases."""
    return [case for path in sorted(FOLDER.glob("*.txt")) for case in _cases(path.read_text("utf-8"))]


def _cases(text: str) -> Iterator[DataLossCase]:
    before, *parts = _HEADING.split(text)
    assert not before.strip(), before
    for name, word, content in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        sections = _sections(content)
        base = next((_base(key.removeprefix("base ")) for key in sections if key.startswith("base ")), {})
        yield DataLossCase(
            name,
            word == "loses",
            base.get("schema", "") + sections.get("schema", ""),
            base.get("rows", "") + sections.get("rows", ""),
            sections["migration"],
            sections["rollback"],
        )


@cache
def _base(name: str) -> Mapping[str, str]:
    return _sections((FOLDER / "bases" / f"{name}.txt").read_text("utf-8"))


def _sections(text: str) -> dict[str, str]:
    before, *parts = _SECTION.split(text)
    assert not before.strip(), before
    return dict(zip(parts[::2], parts[1::2], strict=True))
