"""Drift: the target's catalog against what its applied files produce on scratch."""

from koonj.runner.drift.find import find_drift
from koonj.runner.drift.values import Drift, DriftError

__all__ = ["Drift", "DriftError", "find_drift"]
