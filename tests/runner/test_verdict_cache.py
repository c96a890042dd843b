"""How long verdicts are kept: as long as somebody uses them, and 60 days after that."""

import os
import time
from pathlib import Path

import pytest

from koonj.runner.rehearse.cache import VerdictCache

DAY = 86400


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the verdicts, in which two files have not been used for 59 and 61 days."""
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = tmp_path / "koonj" / "rehearsals"
    VerdictCache.of_user()
    (made / "pruned").unlink()
    for days in (59, 61):
        _age(made / f"{days}.json", days)
    return made


def _age(path: Path, days: float) -> None:
    path.touch()
    at = time.time() - days * DAY
    os.utime(path, (at, at))


def _kept(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_verdicts_that_were_not_used_for_60_days_are_deleted(folder: Path) -> None:
    VerdictCache.of_user()
    assert _kept(folder) == {"pruned", "59.json"}
    assert time.time() - (folder / "pruned").stat().st_mtime < DAY


@pytest.mark.parametrize(("hours", "searched"), [(23, False), (25, True)])
def test_unused_verdicts_are_searched_once_a_day(folder: Path, hours: int, searched: bool) -> None:
    _age(folder / "pruned", hours / 24)
    VerdictCache.of_user()
    assert ("61.json" in _kept(folder)) is not searched


def test_a_verdict_that_is_read_stays(folder: Path) -> None:
    _age(folder / "61.json", 61)
    (folder / "61.json").write_text("{}")
    cache = VerdictCache.of_user()
    assert cache.read("59") is None
    assert _kept(folder) == {"pruned", "59.json", "61.json"}
