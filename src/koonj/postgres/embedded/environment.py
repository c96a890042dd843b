"""Prepare the environment of PostgreSQL's programs: no variable can redirect them."""

import os
from collections.abc import Mapping


def child_environment(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment for `initdb` and `postgres`.

    It is `environ` without PG*, locales and time zone, and with LC_ALL=C. initdb fails if the machine lacks
    the locale in LANG, and on macOS the postmaster fails if LANG is not set.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(("PG", "LC_")) and name not in {"LANG", "LANGUAGE", "TZ"}
    }
    kept["LC_ALL"] = "C"
    return kept
