"""The verdict on a rollback alone, without what the rehearsal found about the migration."""

from __future__ import annotations

from koonj.runner.rehearse.verdict import Rehearsal, Verdict

_RESTORES = "The rollback restores the schema exactly."


def rollback_verdict(rehearsal: Rehearsal) -> tuple[Verdict, str]:
    """Return the verdict on the rollback, and the reason.

    A rehearsal applies a migration, rolls it back and applies it again. If it fails before or after the
    rollback, that says nothing about the rollback.
    """
    phase = None if rehearsal.failure is None else rehearsal.failure.phase
    if rehearsal.verdict is Verdict.UNKNOWN or phase in {"apply", "earlier"}:
        return Verdict.UNKNOWN, f"The rehearsal did not reach the rollback. {rehearsal.message}"
    restores = phase == "reapply" and not rehearsal.differences
    if restores or (rehearsal.reapply_differs and phase is None) or rehearsal.verdict is Verdict.VERIFIED:
        return _restored(rehearsal)
    return rehearsal.verdict, rehearsal.message


def _restored(rehearsal: Rehearsal) -> tuple[Verdict, str]:
    if rehearsal.losses:
        return (
            Verdict.LOSSY,
            f"The rollback restores the schema but not the data: the migration {rehearsal.losses[0]}.",
        )
    return Verdict.VERIFIED, _RESTORES
