"""Remove the quotes of constants and names."""

import re
from functools import cache


@cache
def _dollars() -> re.Pattern[str]:
    return re.compile(r"\$[^$]*\$")


def content(token: str) -> str:
    """Return the text inside the quotes of a token, or the token itself.

    Backslash escapes are unchanged.
    """
    if opening := _dollars().match(token):
        return token[opening.end() :].removesuffix(opening[0])
    quote = token.find("'") if token.endswith("'") else token.find('"') if token.endswith('"') else -1
    if not 0 <= quote <= 2 or quote == len(token) - 1:
        return token
    mark = token[quote]
    return token[quote + 1 : -1].replace(mark * 2, mark)
