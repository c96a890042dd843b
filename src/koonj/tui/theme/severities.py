"""Styles of the marks of problems. Apart from the other styles: the first paint shows no problem."""

from __future__ import annotations

from rich.style import Style

from koonj.sql.problem import Severity
from koonj.tui.theme.styles import BAD, WARNING


def severity_style(severity: Severity) -> Style:
    """Return the style of the mark of a problem."""
    return BAD if severity is Severity.ERROR else WARNING
