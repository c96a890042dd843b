"""Phrases for the locks and the effects of a statement."""

from dataclasses import replace

from koonj.postgres.locks.trace import (
    ConstraintChange,
    LockMode,
    RelationChange,
    RelationLock,
    Scan,
    StatementTrace,
)
from koonj.runner.rehearse.rehearsal_wording import effects, held_words, lock_words

TRACE = StatementTrace(1, 1, "alter table", in_transaction=True, seconds=0.1)
EXCLUSIVE, SHARE, READ = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE, LockMode.ACCESS_SHARE
LOCKS = (
    RelationLock("public.b", "table", SHARE),
    RelationLock("public.a", "table", EXCLUSIVE),
    RelationLock("public.a_key", "index", EXCLUSIVE, "public.a"),
    RelationLock("public.b_key", "index", EXCLUSIVE, "public.b"),
    RelationLock("app.s", "sequence", SHARE),
    RelationLock("public.parts", "partitioned table", SHARE),
    RelationLock("public.read", "table", READ),
)


def test_locks_are_named_by_mode_and_a_kind_that_is_no_table_is_said() -> None:
    assert lock_words(replace(TRACE, locks=LOCKS)) == (
        "ACCESS EXCLUSIVE a, b_key (index)",
        "SHARE app.s (sequence), b, parts",
        "ACCESS SHARE read",
    )


def test_locks_that_are_held_are_the_strong_ones_of_no_index() -> None:
    assert held_words(replace(TRACE, held=LOCKS)) == (
        "still holds ACCESS EXCLUSIVE a",
        "still holds SHARE app.s (sequence), b, parts",
    )


def test_effects_that_take_time_or_last_are_named() -> None:
    trace = replace(
        TRACE,
        rewritten=("public.a",),
        truncated=("app.b",),
        rebuilt=("public.i",),
        scanned=(Scan("public.c", 1, 0), Scan("public.d", 2, 0)),
        scanned_by_any_session=(Scan("public.e", 1, 0),),
        relations=(
            RelationChange("public.new", "table", "created"),
            RelationChange("public.new_i", "index", "created", "public.new"),
            RelationChange("public.new_j", "index", "created", "public.new", valid=False),
            RelationChange("public.a_i", "index", "created", "public.a"),
            RelationChange("public.alone", "index", "created"),
            RelationChange("public.old_i", "index", "dropped", "public.a"),
        ),
        constraints=(
            ConstraintChange("public.new", "c", "check", "added"),
            ConstraintChange("public.a", "n", "not null", "added"),
            ConstraintChange("public.a", "c", "check", "added_not_valid"),
            ConstraintChange("public.a", "d", "check", "validated"),
            ConstraintChange("public.a", "e", "foreign key", "dropped"),
            ConstraintChange("public.a", "f", "check", "added"),
        ),
    )
    assert effects(trace) == (
        "rewrites a",
        "truncates app.b",
        "rebuilds index i",
        "scans c",
        "scans d, 2 times",
        "scans e",
        "builds index new_j on new, INVALID",
        "builds index a_i on a",
        "builds index alone",
        "adds c (check) of a, NOT VALID",
        "validates d (check) of a",
        "drops e (foreign key) of a",
        "adds f (check) of a",
    )
