"""The acts on a target, for a person who wants to know what happened."""

from __future__ import annotations

from koonj.config import Target
from koonj.migrations.act import Act
from koonj.postgres import history
from koonj.postgres.connector import Connector


async def read_history(connector: Connector, target: Target, name: str | None = None) -> tuple[Act, ...]:
    """Every act, oldest first, or those on one migration. SELECT only. Raises ConnectError, HistoryError."""
    conn = await connector.connect(target, name="koonj history")
    async with conn:
        acts = await history.read_acts(conn)
    return tuple(act for act in acts if name in (None, act.name))


async def recorded_text(connector: Connector, target: Target, act_id: int) -> str | None:
    """The text that ran in one act; None where there is no such act. Raises ConnectError, HistoryError."""
    conn = await connector.connect(target, name="koonj history")
    async with conn:
        return await history.read_script(conn, act_id)
