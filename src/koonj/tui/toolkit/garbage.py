"""Keep the collector of garbage from holding the screen up.

A full collection looks at everything that the process has. With ten thousand migrations that takes a tenth of
a second, in whichever thread it begins. So the collector skips the folder and the states, and the screen
makes full collections when little else exists.

All this happens only in a process that belongs to the screen, which turned the collector off for its imports.
"""

import gc

INTERVAL = 30.0
"""Seconds between two full collections."""
_YOUNG = 1
"""The generation of objects that are older than the last few hundred."""
_NEVER = 1_000_000_000
"""Number of younger collections between two full ones that begin by themselves."""


def start() -> None:
    """Turn the collector on, after the imports, if it is off."""
    if gc.isenabled():
        return
    young, older, _ = gc.get_threshold()
    gc.set_threshold(young, older, _NEVER)
    gc.freeze()
    gc.enable()


def skip_all() -> None:
    """Let collections skip what exists now. It is still freed when nothing refers to it any more."""
    if _is_started():
        gc.collect(_YOUNG)
        gc.freeze()


def collect() -> None:
    """Free objects that refer to each other, and that nothing else refers to."""
    if _is_started():
        gc.collect()


def _is_started() -> bool:
    return gc.get_threshold()[2] == _NEVER
