"""Migrations from Liquibase's changesets, and why koonj cannot run some of them.

Source: Liquibase 4.28.0, ChangeSet, RawSQLChange and the page "sql-format" of its documentation.
"""

from __future__ import annotations

from collections.abc import Iterator

from koonj.migrations.layouts import checksums
from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.liquibase_changelog import Changeset
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration
from koonj.migrations.layouts.tool_problem import tool_error

TOOL = "liquibase"
_ROLLBACK_LINE = r"(?i)[ \t]*--[ \t]*rollback |(?![ \t]*--[ \t]*rollback )[^\r\n]*"
"""What is cut off from each line of a rollback. Lines of the body between them are cut off whole."""
SEPARATOR = "::"
"""Between path, id and author."""
SCHEMA = "schema"
"""Name of the detail of a migration that has the schema which Liquibase's settings name."""
_POSTGRESQL = "postgresql"
_PLACEHOLDER = "${"


def changeset_migration(
    listing: FolderListing,
    file: str,
    raw: bytes,
    changeset: Changeset,
    *,
    number: int,
    name: str,
    path: str | None,
    schema: str | None,
) -> ToolMigration:
    """Return the migration of a changeset.

    `path`: what the file says to be its path. `schema`: the one that Liquibase's settings name.
    """
    text = raw.decode("utf-8", "replace")
    runs = _runs(changeset)
    refused = tuple(
        tool_error(message, hint, changeset.line)
        for message, hint in _reasons(changeset, text[changeset.start : changeset.end])
    )
    sql = "\n".join(changeset.sql).strip()
    own_path = changeset.option("logicalFilePath") or path or file
    return tool_migration(
        tool=TOOL,
        name=name,
        version=version_of(own_path, changeset.id, changeset.author),
        number=number,
        folder=listing.places,
        up=Part(file, raw, changeset.start, changeset.end, runs),
        down=_rollback(file, raw, changeset, runs),
        words=" ".join(changeset.comment.split()),
        refused=refused[:1],
        checksum="" if _PLACEHOLDER in sql else checksums.liquibase(sql),
        shares_file=True,
        details=((SCHEMA, schema),) if schema else (),
    )


def version_of(path: str, changeset: str, author: str) -> str:
    """Return the identity of a changeset as Liquibase shows it: path, id, author."""
    return SEPARATOR.join((path, changeset, author))


def runs_on_postgresql(changeset: Changeset) -> bool:
    """Return whether the option dbms names PostgreSQL, or is not given."""
    names = [name.strip().lower() for name in (changeset.option("dbms") or "").split(",") if name.strip()]
    if f"!{_POSTGRESQL}" in names or "none" in names:
        return False
    wanted = [name for name in names if not name.startswith("!")]
    return not wanted or _POSTGRESQL in wanted or "all" in wanted


def _runs(changeset: Changeset) -> Runs:
    if changeset.is_on("runInTransaction", default=True):
        return Runs.TRANSACTION
    return Runs.STATEMENTS if changeset.is_on("splitStatements", default=True) else Runs.ONE_QUERY


def _rollback(file: str, raw: bytes, changeset: Changeset, runs: Runs) -> Part | None:
    """Return the rollback; an empty part if the changeset says that none is needed."""
    said = changeset.rollback_text.lower()
    if changeset.rollback_start is None or not said:
        return None
    if said.startswith(("not required", "empty")):
        return Part(file, raw, changeset.end, changeset.end, runs)
    comment = "" if changeset.in_block else _ROLLBACK_LINE
    return Part(file, raw, changeset.rollback_start, changeset.rollback_end, runs, comment)


def _reasons(changeset: Changeset, text: str) -> Iterator[tuple[str, str]]:
    """Yield why koonj does not run a changeset, with what the user can do."""
    for option, message in _DECIDED_BY_LIQUIBASE:
        if changeset.option(option):
            yield message.format(changeset.option(option)), _SHOWN
    if not runs_on_postgresql(changeset):
        yield f"Liquibase does not run it on PostgreSQL (dbms:{changeset.option('dbms')}).", _SHOWN
    if changeset.has_precondition:
        yield "It has preconditions, which only Liquibase can check.", _SHOWN
    if not any(line.strip() for line in changeset.sql):
        yield "It has no SQL, so Liquibase refuses the file.", "Write its statements below the marker."
    for what in _unread(changeset, text):
        yield f"koonj cannot read {what} yet.", _SHOWN


def _unread(changeset: Changeset, text: str) -> Iterator[str]:
    """Yield what Liquibase does with the text before it runs it, and koonj does not."""
    if changeset.has_ignored:
        yield "a changeset with ignoreLines"
    if _PLACEHOLDER in text:
        yield "a changeset with ${…}, which Liquibase replaces,"
    if (changeset.option(r"\bendDelimiter") or ";") != ";":
        yield "a changeset with an endDelimiter"
    if "changesetid" in changeset.rollback_text.lower():
        yield "a rollback that is another changeset"
    if changeset.in_block and changeset.in_lines:
        yield "a rollback that is partly in lines and partly in a block comment"


_SHOWN = "koonj shows the changeset and its state, and does not run it."
_DECIDED_BY_LIQUIBASE = (
    ("context", "It runs only in some contexts ({}), which the call of Liquibase names."),
    ("contextFilter", "It runs only in some contexts ({}), which the call of Liquibase names."),
    ("labels", "It has labels ({}), by which the call of Liquibase can leave it out."),
    ("runWith", "Another program runs it ({})."),
    ("ignore", "It says ignore:{}."),
)
