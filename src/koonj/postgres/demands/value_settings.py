"""Settings on which the value of an expression can depend: a date is read in the order of DateStyle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from koonj.sql.parameter_change import changed_parameters
from koonj.sql.tokens import significant

_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "datestyle": "DateStyle",
        "intervalstyle": "IntervalStyle",
        "timezone": "TimeZone",
        "time": "TimeZone",  # SET TIME ZONE
        "xmloption": "xmloption",
        "xml": "xmloption",  # SET XML OPTION
        "bytea_output": "bytea_output",
        "extra_float_digits": "extra_float_digits",
        "lc_monetary": "lc_monetary",
    }
)
"""Names in PostgreSQL, by the words of a SET or RESET.

Source: https://www.postgresql.org/docs/current/runtime-config-client.html
"""
OF_THE_SESSION: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("DateStyle", "IntervalStyle", "TimeZone", "bytea_output", "extra_float_digits"), "DEFAULT")
)
"""What koonj sets for its own reads, back to the values that a run has on the target."""


def note_changed(text: str, changed: set[str]) -> None:
    """Add the settings of this kind that a statement changes in the session; take away what it resets."""
    tokens = list(significant(text))
    words = [token.text.lower() for token in tokens if token.text != ";"]
    is_reset = words[:1] == ["reset"] or words[-1:] == ["default"]
    for name in changed_parameters(tokens):
        if name == "all":
            changed.clear()
        elif name in _NAMES and is_reset:
            changed.discard(_NAMES[name])
        elif name in _NAMES:
            changed.add(_NAMES[name])


async def read_changed(conn: AsyncConnection, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the values of settings that the file has changed.

    Raises: psycopg.Error.
    """
    if not names:
        return ()
    async with conn.cursor(row_factory=tuple_row) as cursor:
        sql = "SELECT n, pg_catalog.current_setting(n) FROM pg_catalog.unnest(%s::text[]) AS n"
        await cursor.execute(sql, [list(names)], prepare=False)
        return tuple((name, value) for name, value in await cursor.fetchall())
