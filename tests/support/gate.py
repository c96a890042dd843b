"""A gate on the server: a migration waits there until the test lets it through."""

from __future__ import annotations

CLOSE = "CREATE TABLE public.gate AS SELECT generate_series(1, 9) AS number"
"""SQL that closes nine gates."""
OPEN_ALL = "DELETE FROM public.gate"
AT_GATE = (
    "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'DO %gate%' AND state = 'active' "
    "AND datname = current_database()"
)
"""SQL that has a row while a statement waits at a gate."""


def wait_at(number: int = 1) -> str:
    """Return a statement that waits as long as the gate is closed. It holds no lock, so nothing times out."""
    return f"""\
DO $$ BEGIN
    WHILE EXISTS (SELECT FROM public.gate WHERE number = {number}) LOOP PERFORM pg_sleep(0.01); END LOOP;
END $$;"""


def open_one(number: int) -> str:
    """Return SQL that opens one gate."""
    return f"DELETE FROM public.gate WHERE number = {number}"
