"""A server for programs that run migrations, and a new database for each of them."""

from __future__ import annotations

import compileall
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

import koonj
from koonj.postgres.embedded.binaries import choose
from koonj.postgres.embedded.run_folder import scratch_parent
from shared.programs import Site
from support.network_server import NetworkServer, network_server


@contextmanager
def bench_server() -> Iterator[NetworkServer]:
    """Run a server on 127.0.0.1 with default settings, in shared memory if there is enough space.

    Also compiles koonj's modules, as pip does.
    """
    compileall.compile_dir(Path(koonj.__file__).parent, quiet=1)
    binaries = choose()
    print(f"PostgreSQL {binaries.version}, {binaries.source}, in {scratch_parent()}")
    with network_server(binaries) as server:
        yield server


def new_database(server: NetworkServer, folder: Path) -> Site:
    """Create a database with a name that no program has seen, and folders for files and a home."""
    name = f"bench_{secrets.token_hex(6)}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
    files, home = folder / "files", folder / "home"
    files.mkdir()
    home.mkdir()
    return Site(files, server.port, server.user, name, home)
