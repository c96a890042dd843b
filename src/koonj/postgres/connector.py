"""Open connections to targets, and keep the embedded server running for them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import psycopg
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict

from koonj.config import EMBEDDED, FILE_NAME, Ssh, Target
from koonj.config.dsn import SECRET_KEYWORDS
from koonj.postgres.answer_limit import READ_SECONDS, LimitedAsyncConnection
from koonj.postgres.connection import connect_async
from koonj.postgres.connection_cause import LOGIN_REFUSED, ConnectProblem, cause_of
from koonj.postgres.connection_string import not_valid
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.errors import TargetError, error_message
from koonj.postgres.idle_connections import IdleConnections
from koonj.postgres.kept_passwords import KeptPasswords, PasswordError
from koonj.postgres.product import refused_product, version_text
from koonj.postgres.server_certificate import is_about_server, remedy
from koonj.postgres.untrusted import ADVICE, WITHOUT_SECRETS, not_opened, not_read, refusal

if TYPE_CHECKING:
    from koonj.postgres.embedded.lease import Lease
    from koonj.postgres.tunnel.errors import TunnelError
    from koonj.postgres.tunnel.leases import TunnelLeases
    from koonj.postgres.tunnel.questions import Tell

OLDEST_MAJOR = 13


class ConnectError(TargetError):
    """Raised if a target cannot be reached or used."""

    problem: ConnectProblem = ConnectProblem.UNREACHABLE
    is_password: bool = False
    """Whether the server has refused the password, or can have done so."""


class Connector:
    """Opens connections to targets.

    Close it after its connections: closing it releases the embedded server and tunnels.
    """

    def __init__(
        self, *, keep: float = 0.0, passwords: KeptPasswords | None = None, tell: Tell | None = None
    ) -> None:
        """`keep`: seconds for which a returned connection is kept; `passwords`: shared with others.

        `tell`: tells a user who has no screen what ssh says.
        """
        self._tell = tell
        self.passwords = passwords or KeptPasswords()
        self._idle = IdleConnections(keep)
        self._lease: Lease | None = None
        self._tunnels: TunnelLeases | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close kept connections, and release the embedded server and tunnels.

        They end when no process uses them.
        """
        await self._idle.close()
        if self._tunnels is not None:
            await self._tunnels.close()
        async with self._opening:
            lease, self._lease = self._lease, None
            if lease is not None:
                await asyncio.to_thread(lease.close)

    async def connect(self, target: Target, *, name: str = "koonj") -> LimitedAsyncConnection:
        """Open a connection to the target: autocommit, UTF8, with the login's own role.

        The session has no setting of koonj, because the target can be behind a pooler, which gives the
        session to another client after each transaction. To read, use `read_transaction.reading`.

        Raises: ConnectError.
        """
        if target.ssh is None:
            return await self._connect(target, name, await self.conninfo(target))
        from koonj.postgres.tunnel.errors import TunnelError  # noqa: PLC0415 - only for a target with ssh

        try:
            return await self.tunnels(target).connected(target, partial(self._connect, target, name))
        except TunnelError as error:
            raise _no_tunnel(error) from error
        except psycopg.ProgrammingError as error:
            raise _not_valid(target, error) from None

    async def _connect(self, target: Target, name: str, conninfo: str) -> LimitedAsyncConnection:
        conn = await _open(target, conninfo, name, self.passwords)
        conn.answer_limit = READ_SECONDS
        try:
            await _check(conn, self._lease if target.dsn == EMBEDDED else None)
        except psycopg.Error as error:
            await conn.close()
            raise refused(error, target) from error
        except BaseException:
            await conn.close()
            raise
        return conn

    def tunnels(self, target: Target) -> TunnelLeases:
        """Return the tunnels of this connector, for a target that needs one.

        Raises: ConnectError if the user does not trust the folder that names the bastion.
        """
        from koonj.postgres.tunnel.leases import TunnelLeases  # noqa: PLC0415 - as above

        bastion_of(target)
        if self._tunnels is None:
            self._tunnels = TunnelLeases(self._tell)
        return self._tunnels

    def take_tunnels(self) -> TunnelLeases | None:
        """Return the tunnels, which closing this connector then leaves open; None: it has none.

        A process that continues the work joins them without a login. Call their `leave` at last.
        """
        tunnels, self._tunnels = self._tunnels, None
        return tunnels

    def take_kept(self, target: Target) -> LimitedAsyncConnection | None:
        """Return a connection that was given back a short time ago; it can be lost. None: there is none."""
        return self._idle.take(target)

    async def give_back(self, target: Target, conn: LimitedAsyncConnection) -> None:
        """Keep a connection for the next read, or close it."""
        await self._idle.give(target, conn)

    async def conninfo(self, target: Target) -> str:
        """Return the connection string for libpq. Start the embedded server if needed.

        The embedded server then runs until this connector is closed. The string does not contain the password
        from koonj.toml, but it contains one that is part of the dsn itself.

        Raises: ConnectError.
        """
        if target.dsn != EMBEDDED:
            return target.dsn
        # Shielded: if the caller is cancelled, the lease is still stored, so that close() can release it.
        lease = await asyncio.shield(asyncio.create_task(self._leased(target)))
        return lease.dsn(target.database)

    async def _leased(self, target: Target) -> Lease:
        """Return a lease of the embedded server, after creating the target's database.

        Raises: ConnectError.
        """
        async with self._opening:
            try:
                self._lease = lease = await asyncio.to_thread(_alive, self._lease)
                await asyncio.to_thread(lease.ensure_database, target.database)
            except EmbeddedError as error:
                raise ConnectError(error.message, error.hint) from error
            except psycopg.Error as error:
                raise refused(error, target) from error
        return lease


def _alive(lease: Lease | None) -> Lease:
    """Return the lease, or a new one if there is none or its server died. Blocking.

    Raises: EmbeddedError.
    """
    from koonj.postgres.embedded.shared_server import open_shared  # noqa: PLC0415 - only for the embedded server

    if lease is not None:
        if lease.is_alive():
            return lease
        lease.close()
    return open_shared()


async def _open(target: Target, conninfo: str, name: str, passwords: KeptPasswords) -> LimitedAsyncConnection:
    try:
        parts = conninfo_to_dict(conninfo)
    except psycopg.ProgrammingError as error:
        # "from None", because libpq's message contains the connection string, which can contain a password.
        raise _not_valid(target, error) from None
    extra: dict[str, Any] = {"application_name": name, "client_encoding": "UTF8"}
    if not target.trusted:
        extra |= _without_secrets(target, parts)
    if target.password is None:
        return await _attempt(target, parts, extra)
    if not target.trusted:
        raise _untrusted(f"The password of target {target.name} is not read: {not_read(target.password)}.")
    try:
        return await passwords.log_in(
            target.password,
            lambda text: _attempt(target, parts, extra | {"password": text}),
            lambda error: isinstance(error, ConnectError) and error.is_password,
        )
    except PasswordError as error:
        raise ConnectError(
            f"The password of target {target.name} could not be read: {error}",
            "Check its password = { … } in koonj.toml.",
        ) from error


async def _attempt(target: Target, parts: dict[str, Any], extra: dict[str, Any]) -> LimitedAsyncConnection:
    """Connect. `parts`: the keywords of the connection string; `extra` overrides them."""
    try:
        return await connect_async("", **{**parts, **extra})
    except psycopg.Error as error:
        found = refused(error, target)
        if found.problem is ConnectProblem.ENCRYPTION and is_about_server(found.message):
            why = await asyncio.to_thread(remedy, error, found.message)
            found.hint = why or found.hint
        if not target.trusted and "no password supplied" in found.message:
            found.hint = f"koonj used none of your passwords: you do not trust this folder yet. {ADVICE}"
        raise found from error


def _without_secrets(target: Target, parts: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the keywords that keep the user's secrets from the target of an untrusted koonj.toml.

    Raises: ConnectError if the dsn could use them in another way.
    """
    if target.dsn == EMBEDDED:
        return {}
    wrong = refusal(parts)
    if wrong is not None:
        made = _untrusted(f"The dsn of target {target.name} {wrong}.")
        made.hint = ADVICE.replace(FILE_NAME, target.name) if target.of_folder else made.hint
        raise made
    return WITHOUT_SECRETS


def _untrusted(message: str) -> ConnectError:
    made = ConnectError(message, ADVICE)
    made.problem = ConnectProblem.UNTRUSTED
    return made


def bastion_of(target: Target) -> Ssh:
    """Return the bastion of a target that has one.

    Raises: ConnectError if the user does not trust the folder that names it.
    """
    assert target.ssh is not None
    if not target.trusted:
        raise _untrusted(f"The tunnel of target {target.name} is not opened: {not_opened(target.ssh)}.")
    return target.ssh


def _no_tunnel(error: TunnelError) -> ConnectError:
    """Return the error of a tunnel as one of the connection."""
    made = ConnectError(error.message, error.hint)
    made.problem = ConnectProblem.SSH_LOGIN if error.login else ConnectProblem.TUNNEL
    return made


def _not_valid(target: Target, error: psycopg.Error) -> ConnectError:
    wrong, hint = not_valid(target.dsn, error)
    made = ConnectError(f"The dsn of target {target.name} {wrong}.", hint)
    made.problem = ConnectProblem.STRING
    return made


def refused(error: psycopg.Error, target: Target) -> ConnectError:
    """Return the message of the server or of libpq as an error, without secrets."""
    message = error_message(error)
    with suppress(psycopg.ProgrammingError):
        for secret in SECRET_KEYWORDS:
            value = conninfo_to_dict(target.dsn).get(secret)
            if value:
                message = message.replace(str(value), "********")
    if error.sqlstate is not None:  # libpq has none for a failed login
        made = ConnectError(message, _after_login(error, target), error.sqlstate)
        made.problem = ConnectProblem.LOGIN
        return made
    cause = cause_of(error, message)
    made = ConnectError(cause.message, (_overriding() if target.dsn == EMBEDDED else "") or cause.hint)
    made.problem = cause.problem
    made.is_password = cause.is_password
    return made


def _overriding() -> str:
    """Return what to do about variables that lead past the embedded server; empty if none is set."""
    from koonj.postgres.embedded.conninfo import NOT_OVERRIDDEN  # noqa: PLC0415 - only for the embedded server

    names = ", ".join(name for name in NOT_OVERRIDDEN if name in os.environ)
    return f"The environment sets {names}, which libpq always uses. Unset it for koonj." if names else ""


def _after_login(error: psycopg.Error, target: Target) -> str:
    if target.role is not None and error.sqlstate in _ROLE_REFUSED:
        return (
            f"Check role = {target.role!r} of the target: it must exist, and the user must be a member of it."
        )
    return LOGIN_REFUSED


_ROLE_REFUSED = frozenset({"22023", "42501", "42704"})
"""What SET ROLE reports: no such role, or not a member of it."""


async def _check(conn: AsyncConnection, lease: Lease | None) -> None:
    """Check that the server is new enough, and that the embedded one is the right one.

    Runs before any other SQL is sent.

    Raises: ConnectError.
    """
    if lease is not None:
        cursor = await conn.execute("SELECT pg_catalog.current_setting('cluster_name')")
        row = await cursor.fetchone()
        if row is None or row[0] != lease.cluster_name:
            raise ConnectError(
                "The connection reached another server than the embedded one. Nothing was changed there.",
                "Unset PGHOSTADDR, PGSERVICE and other PG* variables, then retry.",
            )
    if conn.info.server_version < OLDEST_MAJOR * 10000:
        must_be_postgresql(await version_text(conn))
        raise ConnectError(
            f"The server is PostgreSQL {conn.info.server_version // 10000}; koonj requires 13 or newer.",
            "Point the target at a newer server.",
        )


def must_be_postgresql(version: str) -> None:
    """Refuse another database that speaks PostgreSQL's protocol. `version`: its ``version()``.

    Raises: ConnectError.
    """
    product = refused_product(version)
    if product is not None:
        raise ConnectError(
            f"The server is {product.name}, which koonj does not support. {product.reason}",
            "Point the target at a PostgreSQL server.",
        )
