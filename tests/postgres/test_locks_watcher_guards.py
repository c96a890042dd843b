"""A watcher that lost one of its sessions reports no locks, instead of too few."""

import psycopg
import pytest
from psycopg import AsyncConnection

from koonj.postgres.locks.watcher import LockWatcher
from koonj.sql.script import Script

TEXT = "VACUUM FULL a"


@pytest.mark.parametrize("lost", [(0,), (1,), (1, 2)], ids=["the reader", "the holder", "both holders"])
async def test_a_lost_session_is_an_error(database: str, lost: tuple[int, ...]) -> None:
    sessions: list[AsyncConnection] = []

    async def connect() -> AsyncConnection:
        sessions.append(await AsyncConnection.connect(database, autocommit=True))
        return sessions[-1]

    async def run() -> None:
        async with await AsyncConnection.connect(database, autocommit=True) as conn:
            await conn.execute("CREATE TABLE a (id int PRIMARY KEY)")
            (statement,) = Script.of_body(TEXT + ";").statements
            async with LockWatcher(connect, conn, statement):
                with psycopg.connect(database, autocommit=True) as other:
                    for number in lost:
                        other.execute(
                            "SELECT pg_terminate_backend(%s, 10000)", (sessions[number].info.backend_pid,)
                        )
                await conn.execute(TEXT.encode())

    with pytest.raises(psycopg.OperationalError):
        await run()
    assert len(sessions) == 3
    assert all(session.closed for session in sessions)
