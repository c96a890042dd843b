"""Definitions that do not depend on the order in which a server keeps their parts."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from psycopg import AsyncConnection

from koonj.postgres.catalog.compare import compare
from koonj.postgres.catalog.read import read_catalog


@pytest.fixture
def roles(database: str) -> Iterator[tuple[str, str]]:
    with psycopg.connect(database, autocommit=True) as conn:
        [(name,)] = conn.execute("SELECT current_database()").fetchall()
        made = f"b_{name}", f"a_{name}"
        for role in made:
            conn.execute(f"CREATE ROLE {role}".encode())
    yield made
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DROP TABLE IF EXISTS t")
        for role in made:
            conn.execute(f"DROP ROLE {role}".encode())


async def test_the_roles_of_a_policy_have_no_order(
    database: str, make_database: Callable[[], str], roles: tuple[str, str]
) -> None:
    catalogs = []
    for dsn, order in ((database, roles), (other := make_database(), roles[::-1])):
        async with await AsyncConnection.connect(dsn, autocommit=True) as conn:
            await conn.execute("CREATE TABLE t (id int)")
            await conn.execute(f"CREATE POLICY p ON t TO {', '.join(order)} USING (id > 0)".encode())
            catalogs.append(await read_catalog(conn))
    assert compare(*catalogs) == ()
    (policy,) = (one.definition for name, one in catalogs[0].objects.items() if name.kind == "policy")
    assert f"TO {roles[1]}, {roles[0]}\n" in policy
    with psycopg.connect(other, autocommit=True) as conn:
        conn.execute("DROP TABLE t")
