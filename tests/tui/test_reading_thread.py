"""Reads of targets run in a thread of their own, so that they hold no key back."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from koonj.config import ScratchPlace, Settings, Target
from koonj.migrations import state_rules
from koonj.runner.target import status as target_status
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.reading_thread import ReadingThread

NAME = "koonj targets"


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


async def _ended() -> None:
    async with asyncio.timeout(60):
        while _threads():
            await asyncio.sleep(0.01)


async def test_work_runs_in_the_thread_and_its_errors_come_back() -> None:
    reads = ReadingThread()

    async def name() -> str:
        return threading.current_thread().name

    async def fail() -> None:
        raise ValueError("as in the thread")

    assert await reads.run(name) == NAME
    with pytest.raises(ValueError, match="as in the thread"):
        await reads.run(fail)
    assert await asyncio.gather(*(reads.run(name) for _ in range(3))) == [NAME] * 3
    assert len(_threads()) == 1
    await reads.close()
    await _ended()


async def test_work_is_cancelled_with_its_caller_and_at_the_end() -> None:
    reads = ReadingThread()
    begun, ended = threading.Semaphore(0), threading.Semaphore(0)

    async def wait() -> None:
        begun.release()
        try:
            await asyncio.sleep(60)
        finally:
            ended.release()

    first, second = (asyncio.create_task(reads.run(wait)) for _ in range(2))
    for _ in range(2):
        assert await asyncio.to_thread(begun.acquire, timeout=60)
    first.cancel()
    assert await asyncio.to_thread(ended.acquire, timeout=60)
    assert not second.done()
    await reads.close()
    assert ended.acquire(blocking=False)
    await asyncio.wait((second,), timeout=60)
    assert second.cancelled()
    await _ended()


async def test_the_screen_reads_its_targets_in_the_thread(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = []

    def noted(*values: object) -> object:
        names.append(threading.current_thread().name)
        return state_rules.states(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(target_status, "states", noted)
    targets = tuple(Target(f"t{number}", database) for number in range(3))
    async with Backend(
        Settings(tmp_path, tmp_path, tmp_path, targets, targets[0], ScratchPlace())
    ) as backend:
        folder = await backend.read_folder()
        found = await asyncio.gather(*(backend.read_status(target, folder) for target in targets))
        assert all(status.is_known for status in found)
        assert names == [NAME] * 3
        assert await backend.history(targets[0], "001_none.sql") == ()
        assert await backend.recorded_text(targets[0], 1) is None
    await _ended()
