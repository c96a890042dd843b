"""Recognize statements that can change the role that runs the next ones."""

from koonj.sql.parameter_change import changed_parameters
from koonj.sql.strings import content
from koonj.sql.tokens import TokenKind, significant

_SIGNS = ("role", "authorization")
_OF_ROLE = frozenset({"role", "authorization", "session_authorization"})


def changes_role(text: str) -> bool:
    """Return whether a text has SET ROLE, SET SESSION AUTHORIZATION, their RESET, or set_config('role', …).

    Also if it has it in a string: the body of a DO or of a function, or the text of an EXECUTE.
    """
    if not any(sign in text.lower() for sign in _SIGNS):
        return False
    tokens = list(significant(text))
    strings = (content(token.text) for token in tokens if token.kind is TokenKind.STRING)
    return not _OF_ROLE.isdisjoint(changed_parameters(tokens)) or any(map(changes_role, strings))
