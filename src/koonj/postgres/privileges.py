"""Check before a migration runs that this session can write the history.

Otherwise the failure would come after its statements were committed.
"""

from __future__ import annotations

from typing import NamedTuple

from koonj.postgres.history import HistoryError
from koonj.postgres.server_info import ServerInfo


class WriteConditions(NamedTuple):
    """A row of may_write.sql.

    The last four are None if the schema or the table does not exist.
    """

    in_recovery: bool
    read_only: bool
    role: str
    database: str
    create_in_database: bool
    create_in_schema: bool | None
    use_schema: bool | None
    write_table: bool | None


def must_be_able_to_write(answer: WriteConditions, server: ServerInfo, *, own_history: bool = True) -> None:
    """Refuse a standby, a read-only session, and a role that cannot write the history.

    `own_history`: koonj keeps its own, and not that of another tool.

    Raises: HistoryError.
    """
    _must_be_writable(answer, server)
    if not own_history:
        return
    if answer.write_table is None:
        _must_be_able_to_make(answer)
    elif not (answer.use_schema and answer.write_table):
        raise HistoryError(
            f"Role {answer.role} is not allowed to write the history. No migration was run.",
            f"As the owner of koonj.history, run: GRANT USAGE ON SCHEMA koonj TO {answer.role}; "
            f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA koonj TO {answer.role};",
            "42501",
        )


def _must_be_writable(answer: WriteConditions, server: ServerInfo) -> None:
    if answer.in_recovery and server.is_aurora:
        raise HistoryError(
            "The server is a reader of Aurora. It accepts no changes.",
            "Point the target at the cluster endpoint (NAME.cluster-….rds.amazonaws.com), not at a reader "
            "endpoint (NAME.cluster-ro-….rds.amazonaws.com).",
            "25006",
        )
    if answer.in_recovery:
        raise HistoryError(
            "The server is a standby, which only replays the changes of its primary. It accepts no changes.",
            "Point the target at the primary (a dsn of several hosts: target_session_attrs=read-write).",
            "25006",
        )
    if answer.read_only:
        raise HistoryError(
            f"Transactions of role {answer.role} in database {answer.database} are read-only "
            "(default_transaction_read_only is on).",
            "To allow changes, run: ALTER ROLE … (or ALTER DATABASE …) RESET default_transaction_read_only;",
            "25006",
        )


def _must_be_able_to_make(answer: WriteConditions) -> None:
    """Refuse a role that cannot create the history, which does not exist yet.

    Raises: HistoryError.
    """
    may = answer.create_in_database if answer.create_in_schema is None else answer.create_in_schema
    if may and answer.use_schema is not False:
        return
    if answer.create_in_schema is None:
        hint = f"Needed once: GRANT CREATE ON DATABASE {answer.database} TO {answer.role};"
    else:
        hint = f"Needed once: GRANT USAGE, CREATE ON SCHEMA koonj TO {answer.role};"
    raise HistoryError(
        f"Role {answer.role} is not allowed to create koonj.history in database {answer.database}.",
        hint,
        "42501",
    )
