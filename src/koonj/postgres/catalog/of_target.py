"""Read the catalog of a target while other sessions use it."""

from __future__ import annotations

from psycopg import AsyncConnection, errors, pq

from koonj.config import Target
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.read import read_catalog
from koonj.postgres.connector import ConnectError
from koonj.postgres.session import set_timeouts


async def read_target_catalog(conn: AsyncConnection, target: Target) -> Catalog:
    """Read the catalog as `read_catalog` does, with the target's lock_timeout.

    PostgreSQL returns the text of a view only with ACCESS SHARE on the tables that the view reads, so this
    waits behind ACCESS EXCLUSIVE.

    Raises: ConnectError if a lock is not released in time; psycopg.Error.
    """
    inside = conn.info.transaction_status is pq.TransactionStatus.INTRANS
    await set_timeouts(conn, target.lock_timeout, "0", local=inside)
    try:
        return await read_catalog(conn)
    except errors.LockNotAvailable as error:
        raise ConnectError(
            f"Could not read its catalog: another session has locked a table for longer than "
            f"{target.lock_timeout}.",
            "Retry when that session has ended, or set a longer lock_timeout for the target.",
            error.sqlstate,
        ) from error
