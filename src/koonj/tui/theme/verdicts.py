"""How the verdicts of rehearsals look. Not part of `theme` itself, which the first paint waits for."""

from collections.abc import Mapping
from types import MappingProxyType

from rich.style import Style

from koonj.runner.rehearse.values import Proof
from koonj.tui.theme.styles import BAD, DIM, GOOD, WAITING, WARNING

VERDICTS: Mapping[Proof | None, Style] = MappingProxyType(
    {
        None: DIM,
        Proof.PROVED: GOOD,
        Proof.LOSSY: WAITING,
        Proof.REORDERED: WAITING,
        Proof.INCOMPLETE: BAD,
        Proof.FAILS: BAD,
        Proof.NONE: WARNING,
        Proof.UNKNOWN: DIM,
    }
)
"""None: it is being found out."""
