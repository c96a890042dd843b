"""Drift: the target's catalog against what its applied files produce on scratch."""

from koonj.runner.drift.find import find_drift
from koonj.runner.drift.report import DriftError, DriftReport

__all__ = ["DriftError", "DriftReport", "find_drift"]
