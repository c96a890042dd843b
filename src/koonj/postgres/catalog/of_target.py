"""The catalog of a target, which others use meanwhile."""

from __future__ import annotations

from psycopg import AsyncConnection, errors, pq

from koonj.config import Target
from koonj.postgres.catalog.reading import read_catalog
from koonj.postgres.catalog.values import Catalog
from koonj.postgres.connector import ConnectError
from koonj.postgres.session import set_timeouts


async def read_target_catalog(conn: AsyncConnection, target: Target) -> Catalog:
    """As `read_catalog`; waits for a lock no longer than the target's lock_timeout says.

    A view's text is only told under ACCESS SHARE on what it reads, so it waits behind ACCESS EXCLUSIVE.
    Raises ConnectError where that takes too long, psycopg.Error.
    """
    inside = conn.info.transaction_status is pq.TransactionStatus.INTRANS
    await set_timeouts(conn, target.lock_timeout, "0", local=inside)
    try:
        return await read_catalog(conn)
    except errors.LockNotAvailable as error:
        raise ConnectError(
            f"Its catalog could not be read: another session has locked a table for longer than "
            f"{target.lock_timeout}.",
            "Try again when that session has ended, or give the target a longer lock_timeout.",
            error.sqlstate,
        ) from error
