"""The advice about a conflict as the screen gives it: without the command's options, which are keys here."""

from __future__ import annotations

import re

from koonj.runner.run.conflict import Conflict
from koonj.tui.state.screen_advice import in_keys

_COMMAND = re.compile(r"(?:,? (?:and )?run)?: (?:koonj |--).*?(?=; |\. [A-Z]|$)")
"""A command or an option, with the words before it."""
_OPEN = re.compile(r"(?:^|(?<=\. ))((?:If|To) [^.;]*)(?=$|\.)")
"""A sentence whose second half was a command."""


def screen_hint(conflict: Conflict) -> str:
    """Return the hint in words."""
    if not conflict.can_allow:
        return in_keys(conflict.hint)  # the screen cannot do it: the hint is about the file
    words = _OPEN.sub(r"\1, allow it", _COMMAND.sub("", conflict.hint)).replace("; or ", ", or ")
    return words if not words or words.endswith(".") else f"{words}."
