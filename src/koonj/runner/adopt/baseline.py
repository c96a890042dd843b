"""Make the first migration from the schema of a target, in memory: pg_dump reads it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import psycopg

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.postgres.connector import Connector, refused
from koonj.postgres.pooler import must_keep_session
from koonj.postgres.read_transaction import read_transaction
from koonj.postgres.scratch.interface import ScratchError
from koonj.postgres.scratch.pg_dump import dump_schema, find_pg_dump, login_of
from koonj.postgres.scratch.restore import plain_dump
from koonj.postgres.scratch.role_settings import read_world
from koonj.runner.adopt.baseline_text import baseline_text, makes_objects, roles_in, statements_of
from koonj.runner.adopt.plan import AdoptError
from koonj.sql.file_hash import file_hash

NAME = "001_baseline.sql"


@dataclass(frozen=True, slots=True)
class Baseline:
    """A first migration that is not written yet."""

    folder: Folder
    """The folder of the migrations, as if it had the file."""
    notes: tuple[str, ...]

    @property
    def migration(self) -> Migration:
        """The file."""
        return self.folder.migrations[0]


async def read_baseline(connector: Connector, target: Target, folder: Folder) -> Baseline:
    """Return the first migration for a target. Its schema is only read.

    Raises: AdoptError if the folder has migrations, or if there is nothing to write; ConnectError,
        ScratchError, psycopg.Error.
    """
    if folder.migrations or folder.problems:
        raise AdoptError(
            f"{folder.shown_path or folder.path} has files already; a baseline is the first one.",
            f"To adopt the files that are there, run: koonj adopt{target.option}",
        )
    async with await connector.connect(target, name="koonj adopt") as conn:
        await must_keep_session(connector, target, conn)  # pg_dump sets its session
        try:
            async with read_transaction(conn, target):
                roles, login = await read_world(conn), login_of(conn)
        except psycopg.Error as error:
            raise refused(error, target) from error
        major = conn.info.server_version // 10000
    try:
        program = await asyncio.to_thread(find_pg_dump, major, major)
        dump = await dump_schema(program, login, target)
    except ScratchError as error:
        hint = (
            f"koonj needs a pg_dump that is not older than the server: apt install postgresql-client-{major}"
        )
        if "No pg_dump" not in error.message:
            hint = "The role requires SELECT on every table (GRANT pg_read_all_data)."
        raise ScratchError(error.message, hint) from error
    statements = await asyncio.to_thread(statements_of, plain_dump(dump))
    if not makes_objects(statements):
        raise AdoptError(f"{target.name} has no objects, so there is nothing to write.", "")
    about = f"The schema that the database had before koonj, by pg_dump {program.major}. Without rows."
    raw = baseline_text(statements, about).encode()
    migration = Migration(1, NAME, str(folder.path), folder.shown_path, raw, file_hash(raw))
    notes = []
    if named := [role for role in roles_in(statements, roles.roles) if role != roles.acting]:
        notes.append(
            f"{NAME} names roles that must exist wherever it runs: {', '.join(named)}. koonj creates them on "
            "the scratch server."
        )
    return Baseline(
        Folder(folder.path, (migration,), folder.other_files, (), folder.shown_path), tuple(notes)
    )
