"""Settings of koonj's own queries: no answer depends on the settings of a role, a database or a file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

READING: Mapping[str, str] = MappingProxyType(
    {
        # With pg_catalog alone, all other names are shown with their schema, as with an empty search_path.
        # pg_temp comes last, so that no temporary table hides a catalog table.
        "search_path": "pg_catalog, pg_temp",
        "client_encoding": "'UTF8'",
        "quote_all_identifiers": "off",
        "standard_conforming_strings": "on",
        "DateStyle": "ISO",
        "IntervalStyle": "postgres",
        "TimeZone": "'UTC'",
        "extra_float_digits": "1",
        "bytea_output": "hex",
        "lc_monetary": "'C'",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
    }
)
"""Values, as SQL, of settings that change the text of an answer or make a small query slow.

Those that change a text have the values that pg_dump uses.
"""


def set_local(more: Mapping[str, str] | None = None) -> str:
    """Return SQL that sets READING, and `more` (values as SQL), for the current transaction."""
    return "; ".join(f"SET LOCAL {name} TO {value}" for name, value in {**READING, **(more or {})}.items())


def moment_of(microseconds: int) -> datetime:
    """Return the time that a query reports as microseconds since 1970.

    Queries report times as integers: the text of a float or of a timestamp depends on settings.

    Raises: OverflowError.
    """
    return _EPOCH + timedelta(microseconds=microseconds)


_EPOCH = datetime.fromtimestamp(0, UTC)
