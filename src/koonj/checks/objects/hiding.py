"""What makes the statements of a file say less than what they do."""

from __future__ import annotations

from enum import IntFlag

from koonj.checks.file_view import FileView, StatementView
from koonj.checks.objects.doings import hidden_text
from koonj.migrations.migration import Migration
from koonj.sql.control import TransactionControl
from koonj.sql.problem import first_error

_WITHOUT_TABLES = frozenset(
    {
        *("amcheck", "bloom", "btree_gin", "btree_gist", "citext", "cube", "dblink", "dict_int"),
        *("earthdistance", "fuzzystrmatch", "hstore", "intarray", "isn", "lo", "ltree", "pageinspect"),
        *(
            "pg_buffercache",
            "pg_prewarm",
            "pg_stat_statements",
            "pg_trgm",
            "pgcrypto",
            "pgrowlocks",
            "pgstattuple",
        ),
        *(
            "plpgsql",
            "postgres_fdw",
            "seg",
            "tablefunc",
            "tcn",
            "tsm_system_rows",
            "tsm_system_time",
            "unaccent",
        ),
        *("uuid-ossp", "vector", "xml2"),
    }
)
"""Extensions that create no table or view, except with names that begin with pg_."""


class Hiding(IntFlag):
    """What a file hides."""

    NOTHING = 0
    ALL = 1
    """It can create or drop whatever it wants."""
    SCHEMAS = 2
    """In it, a name without schema can be in any schema."""
    SCHEMAS_LATER = 4
    """The same for all files after it."""


def hiding(migration: Migration, view: FileView) -> Hiding:
    """Return what a file hides."""
    if first_error(migration.problems) is not None:
        return Hiding.ALL
    undone = {TransactionControl.ROLLBACK, TransactionControl.ROLLBACK_TO}
    if any(one.control in undone for one in migration.sections.body.statements):
        return Hiding.ALL
    found = Hiding.NOTHING
    for one in view.statements:
        found |= _hides(one)
    return found


def _hides(one: StatementView) -> Hiding:
    reader = one.reader()
    match one.verb:
        case "set" if "search_path" in one.words or "schema" in one.words[:3]:
            return Hiding.SCHEMAS
        case "select" if "set_config" in one.words and "search_path" in one.text:
            return Hiding.SCHEMAS
        case "alter" if "search_path" in one.words and one.words[1] in {"role", "user", "database", "system"}:
            return Hiding.SCHEMAS | Hiding.SCHEMAS_LATER
        case "import" | "call" | "execute":
            return Hiding.ALL
        case "create" if reader.accept("create", "extension"):
            reader.accept("if", "not", "exists")
            hides_all = reader.name().strip('"') not in _WITHOUT_TABLES
        case "create" | "alter" | "drop" if one.words[1:2] == ("schema",):
            hides_all = one.verb != "create" or not {"table", "view", "sequence"}.isdisjoint(one.words)
        case _:
            hides_all = _builds_sql(one)
    return Hiding.ALL if hides_all else Hiding.NOTHING


def _builds_sql(one: StatementView) -> bool:
    """Return whether a statement can put SQL together that creates or drops objects."""
    text = hidden_text(one)
    changes = any(word in text for word in ("create", "rename", "drop", "set schema"))
    return changes and ("execute" in text or one.verb not in {"create", "do"})
