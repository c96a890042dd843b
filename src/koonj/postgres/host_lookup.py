"""Look up the addresses of host names, for at most connect_timeout.

The resolver of the system can take a minute, and Python cannot interrupt it: the threads of asyncio keep the
process alive until it answers. So each lookup has a daemon thread, which does not.
"""

import asyncio
import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

import psycopg

_PORT = "5432"


async def with_addresses(
    parts: Mapping[str, Any], seconds: float, environ: Mapping[str, str] = os.environ
) -> dict[str, Any]:
    """Return connection parameters with an address for each host name.

    psycopg and libpq then ask no name server. Parameters without a host name are unchanged.

    Raises: psycopg.OperationalError if no host has an address.
    """
    hosts = str(parts.get("host") or environ.get("PGHOST") or "").split(",")
    if parts.get("hostaddr") or environ.get("PGHOSTADDR") or not any(map(_is_name, hosts)):
        return dict(parts)
    ports = str(parts.get("port") or environ.get("PGPORT") or _PORT).split(",")
    if len(ports) not in (1, len(hosts)):
        return dict(parts)  # libpq reports the mistake
    ports = ports * len(hosts) if len(ports) == 1 else ports
    answers = await asyncio.gather(
        *(_look_up(host, port, seconds) for host, port in zip(hosts, ports, strict=True))
    )
    found = [
        (host, address, port)
        for host, port, answer in zip(hosts, ports, answers, strict=True)
        if not isinstance(answer, psycopg.Error)
        for address in answer
    ]
    if not found:
        raise next(answer for answer in reversed(answers) if isinstance(answer, psycopg.Error))
    names, addresses, numbers = zip(*found, strict=True)
    return {**parts, "host": ",".join(names), "hostaddr": ",".join(addresses), "port": ",".join(numbers)}


def _is_name(host: str) -> bool:
    """Return whether a name server must be asked: not for a socket or an address."""
    if not host or host.startswith(("/", "@")):
        return False
    try:
        ip_address(host.partition("%")[0])
    except ValueError:
        return True
    return False


async def _look_up(host: str, port: str, seconds: float) -> tuple[str, ...] | psycopg.OperationalError:
    """Return the addresses of a host, or the error of the lookup."""
    if not _is_name(host):
        return ("" if not host or host.startswith("/") else host,)
    try:
        async with asyncio.timeout(seconds):
            return await _in_daemon_thread(host, port)
    except TimeoutError:
        # The number is that of getaddrinfo() for a name server that does not answer.
        return psycopg.OperationalError(
            f"failed to resolve host {host!r}: [Errno -3] no name server answered in {seconds:.0f} s"
        )
    except OSError as error:
        return psycopg.OperationalError(f"failed to resolve host {host!r}: {error}")


async def _in_daemon_thread(host: str, port: str) -> tuple[str, ...]:
    """Return the addresses of a host in the order of the resolver.

    Raises: OSError.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[tuple[str, ...]] = loop.create_future()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port or _PORT, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        except (OSError, UnicodeError) as error:
            deliver(error if isinstance(error, OSError) else OSError(str(error)))
        else:
            deliver(tuple(dict.fromkeys(str(item[4][0]) for item in found)))

    def deliver(result: tuple[str, ...] | OSError) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits for the answer any more
            loop.call_soon_threadsafe(settle, result)

    def settle(result: tuple[str, ...] | OSError) -> None:
        if answer.done():
            return
        if isinstance(result, OSError):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    threading.Thread(target=ask, name="koonj host lookup", daemon=True).start()
    return await answer
