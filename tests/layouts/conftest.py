"""Fixtures of the tests of other tools' folders."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from koonj.postgres.connector import Connector


@pytest.fixture
async def connector() -> AsyncIterator[Connector]:
    async with Connector() as connector:
        yield connector
