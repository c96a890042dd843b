"""The variables with which any program that uses libpq goes through a tunnel."""

from __future__ import annotations

import os
from collections.abc import Mapping

from psycopg import pq
from psycopg.conninfo import conninfo_to_dict

from koonj.config.dsn import SECRET_KEYWORDS
from koonj.config.server import service_settings
from koonj.postgres.tunnel.destination import through
from koonj.postgres.tunnel.lease import TunnelLease


def client_variables(
    dsn: str, lease: TunnelLease, environ: Mapping[str, str] = os.environ
) -> dict[str, str | None]:
    """Return the PG* variables for the tunnel; None: the variable must not be set.

    There is no password in them: other processes of the user can read the environment of a program. PGSERVICE
    is not set, because libpq prefers a service to variables; its settings are among the variables.
    """
    parts = {name: str(value) for name, value in conninfo_to_dict(dsn).items()}
    forwarded = conninfo_to_dict(through(dsn, lease.servers, lease.ends))
    wanted = {**service_settings(parts, environ), **{name: str(value) for name, value in forwarded.items()}}
    found: dict[str, str | None] = {"PGSERVICE": None, "PGHOSTADDR": None}
    for option in pq.Conninfo.get_defaults():
        name, value = option.keyword.decode(), wanted.get(option.keyword.decode())
        if option.envvar and value and name != "service" and name not in SECRET_KEYWORDS:
            found[option.envvar.decode()] = value
    return found
