"""What PostgreSQL's programs and libpq may know of the user's environment: nothing that leads elsewhere."""

import os
from collections.abc import Mapping


def child_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment for `initdb` and `postgres`: `environ` without PG*, locales and time zone, LC_ALL=C.

    initdb fails on a LANG that the machine lacks, and macOS's postmaster on one that is not set.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("PG", "LC_")) and name not in {"LANG", "LANGUAGE", "TZ"}
    }
    kept["LC_ALL"] = "C"
    return kept
