"""The SQL texts that koonj sends, one file each.

Other SQL is composed with psycopg.sql next to its use.
"""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """Return the text of ``queries/NAME.sql``."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
