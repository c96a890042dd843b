"""Test the collector of garbage of the screen, in a process of its own."""

import subprocess
import sys

SETUP = """\
import gc, weakref
gc.disable()
from koonj.tui.toolkit import garbage

class Ring:
    def __init__(self):
        self.ring = self

def dropped():
    return weakref.ref(Ring())
"""


def run(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", SETUP + code], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_the_screen_collects_but_no_full_collection_begins_by_itself() -> None:
    code = """
garbage.start()
print(gc.isenabled())
before = gc.get_stats()[2]["collections"]
kept = [[] for _ in range(200_000)]
print(gc.get_stats()[2]["collections"] - before)
lost = dropped()
print(lost() is None)
garbage.collect()
print(lost() is None)
"""
    assert run(code) == ["True", "0", "False", "True"]


def test_what_exists_is_skipped_and_still_freed_when_nothing_uses_it() -> None:
    code = """
garbage.start()
kept = [[] for _ in range(100_000)]
class Value: pass
value = Value()
seen, lost = weakref.ref(value), dropped()
garbage.skip_all()
print(lost() is None, len(gc.get_objects()) < 1000)
del value
print(seen() is None)
"""
    assert run(code) == ["True", "True", "True"]


def test_a_process_that_did_not_turn_the_collector_off_keeps_its_settings() -> None:
    code = """
gc.enable()
before = gc.get_threshold(), gc.get_freeze_count()
garbage.start()
garbage.skip_all()
garbage.collect()
print((gc.get_threshold(), gc.get_freeze_count()) == before)
"""
    assert run(code) == ["True"]
