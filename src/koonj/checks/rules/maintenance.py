"""Rules about commands that lock a table for as long as it is large."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.checks.conditions import FILLED
from koonj.checks.file_view import FileView, StatementView
from koonj.checks.model import Claim, Hit, Rule
from koonj.checks.names import last_name
from koonj.sql.options import is_on, options_of
from koonj.sql.problem import PatternOffer, Severity
from koonj.sql.typed_names import typed_name

_BLOCKING = frozenset({"share", "share row exclusive", "exclusive", "access exclusive"})


def _refresh(one: StatementView, _file: FileView) -> Iterator[Hit]:
    reader = one.reader()
    if not reader.accept("refresh", "materialized", "view") or reader.accept("concurrently"):
        return
    view = reader.name()
    if not view or reader.accept("with", "no", "data"):
        return
    yield Hit(
        f"REFRESH blocks reads of {view} until it is filled again.",
        "Write REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on columns of the view.",
        table=last_name(view),
        condition=(FILLED, last_name(view)),
        pattern=PatternOffer("refresh_materialized_view", (("view", typed_name(view)),)),
    )


def _rewrites(one: StatementView, _file: FileView) -> Iterator[Hit]:
    found = _vacuum_full(one) if one.verb == "vacuum" else _cluster(one) if one.verb == "cluster" else ""
    if one.verb in {"vacuum", "cluster"} and found is not None:
        what = "VACUUM FULL" if one.verb == "vacuum" else "CLUSTER"
        yield _rewrite(what, found, None)
    if one.alter is None:
        return
    for action in one.alter.actions:
        match action.words:
            case ("set", ("logged" | "unlogged") as kind, *_):
                what = f"SET {kind.upper()}"
            case ("set", "tablespace", *_):
                what = "SET TABLESPACE"
            case ("set", "access", "method", *_):
                what = "SET ACCESS METHOD"
            case _:
                continue
        yield _rewrite(what, one.alter.written, action.at)


def _rewrite(what: str, table: str, at: int | None) -> Hit:
    return Hit(
        f"{what} writes all of {table or 'the tables'} anew, and blocks reads and writes in the meantime.",
        "Do it outside of a migration, while nobody uses the table; or with pg_repack, which does not block.",
        at=at,
        table=last_name(table),
        claim=Claim.REWRITE,
    )


def _vacuum_full(one: StatementView) -> str | None:
    reader = one.reader()
    reader.accept("vacuum")
    is_full = is_on(options_of(reader.parentheses()).get("full")) or reader.accept("full")
    while reader.accept_one(("freeze", "verbose", "analyze", "analyse")):
        pass
    return reader.name() if is_full else None


def _cluster(one: StatementView) -> str:
    reader = one.reader()
    reader.accept("cluster")
    reader.parentheses()
    reader.accept("verbose")
    return reader.name()


def _lock(one: StatementView, file: FileView) -> Iterator[Hit]:
    reader = one.reader()
    reader.accept("lock")
    reader.accept("table")
    reader.accept("only")
    names = [reader.name()]
    reader.accept("*")
    while reader.accept(","):
        reader.accept("only")
        names.append(reader.name())
        reader.accept("*")
    words = [word for word in reader.top_level() if word not in {";", "in"}]
    mode = " ".join(words[: words.index("mode")]) if "mode" in words else "access exclusive"
    waiting = [name for name in names if name and last_name(name) not in file.made]
    if mode not in _BLOCKING or "nowait" in words or not waiting:
        return
    what = "reads and writes" if mode == "access exclusive" else "writes"
    yield Hit(
        f"LOCK TABLE in {mode.upper()} mode blocks {what} of {', '.join(waiting)} until COMMIT.",
        "Leave it out. Each statement takes the lock that it needs, and koonj takes the locks of a "
        "rehearsed migration first, without making others wait behind it.",
    )


RULES = (
    Rule(
        "refresh-not-concurrent",
        Severity.WARNING,
        "REFRESH MATERIALIZED VIEW without CONCURRENTLY blocks reads of the view until it is filled.",
        frozenset({"refresh"}),
        _refresh,
    ),
    Rule(
        "table-rewrites",
        Severity.WARNING,
        "VACUUM FULL, CLUSTER, SET LOGGED, SET TABLESPACE and SET ACCESS METHOD write the whole table anew.",
        frozenset({"vacuum", "cluster", "alter"}),
        _rewrites,
    ),
    Rule(
        "lock-table",
        Severity.WARNING,
        "LOCK TABLE holds its lock until COMMIT.",
        frozenset({"lock"}),
        _lock,
    ),
)
