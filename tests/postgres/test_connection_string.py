"""What is shown of a connection string beside server, database and user."""

from __future__ import annotations

import pytest

from koonj.config import Target
from koonj.postgres.connection_string import other_settings, safe_dsn


@pytest.mark.parametrize(
    ("dsn", "more"),
    [
        ("postgresql://ann@db.example:5433/shop", ""),
        ("host=db dbname='my shop' user=ann password=secret", ""),
        ("embedded", ""),
        ("host=db port", ""),
        ("service=prod", "service=prod"),
        ("postgresql://ann@db/shop?sslmode=require&connect_timeout=5", "sslmode=require connect_timeout=5"),
        (r"dbname='a host=\'x' options='-c search_path=a,b'", "options='-c search_path=a,b'"),
        ("postgresql://a,b:5433/shop", "host=a,b port=,5433"),
    ],
)
def test_only_what_stands_nowhere_else_is_shown(dsn: str, more: str) -> None:
    assert sorted(other_settings(safe_dsn(Target("local", dsn))).split()) == sorted(more.split())
