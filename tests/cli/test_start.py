"""What a command does not spend time on."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from koonj.cli.ask_target import run_for_answer
from support.command import Project


def test_the_end_of_a_command_makes_no_text_of_its_answer() -> None:
    texts = []

    class Answer:
        def __repr__(self) -> str:
            texts.append("of 10,000 entries")
            return "Answer"

    async def work() -> Answer:
        return Answer()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert isinstance(run_for_answer(work()), Answer)
    finally:
        signal.signal(signal.SIGINT, before)
    assert texts == []


@pytest.mark.parametrize(("words", "collects"), [(("status",), False), (("apply", "--all"), True)])
def test_only_commands_that_can_take_hours_look_for_garbage_and_none_when_it_exits(
    files: Project, words: tuple[str, ...], collects: bool
) -> None:
    code = (
        f"import atexit, gc, sys\nsys.argv[1:] = {list(words)!r}\n"
        "left = lambda: len(gc.get_objects()) > 1_000\n"
        "atexit.register(lambda: print('collects:', gc.isenabled(), 'looks at exit:', left()))\n"
        "from koonj.cli.main import entry\nentry()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=files.root, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.endswith(f"collects: {collects} looks at exit: False\n"), done.stderr
