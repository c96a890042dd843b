"""Styles of the verdicts.

Not imported by `theme` itself, so that the first paint does not wait for it.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rich.style import Style

from koonj.runner.rehearse.verdict import Verdict
from koonj.tui.theme.styles import BAD, DIM, GOOD, WAITING, WARNING

VERDICTS: Mapping[Verdict | None, Style] = MappingProxyType(
    {
        None: DIM,
        Verdict.VERIFIED: GOOD,
        Verdict.LOSSY: WAITING,
        Verdict.REORDERED: WAITING,
        Verdict.INCOMPLETE: BAD,
        Verdict.BROKEN: BAD,
        Verdict.IRREVERSIBLE: WARNING,
        Verdict.UNKNOWN: DIM,
    }
)
"""Styles by verdict; None while the verdict is being found."""
