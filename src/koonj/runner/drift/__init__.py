"""Find drift: compare a target's schema with its applied migrations."""

from koonj.runner.drift.find import find_drift
from koonj.runner.drift.report import DriftError, DriftReport

__all__ = ["DriftError", "DriftReport", "find_drift"]
