"""A folder that the user does not trust: what the screen shows, and how one key trusts it."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from koonj import trusted_folders
from koonj.config import Password, Settings, Trust
from koonj.tui.screens import dialog
from koonj.tui.screens.main import Main
from koonj.tui.screens.trust_dialog import TrustDialog
from koonj.tui.toolkit.capabilities import Terminal
from koonj.tui.workers import rehearsals
from support.recorded_rehearsals import RecordedRehearsals, rehearsal
from support.screen import Golden, Project, Screen


class Untrusted(Project):
    """A project that the user does not trust, whose target ``production`` has a password command."""

    has_changed = False
    command = "false"
    folder: Path | None = None
    """The folder that the dialog shows; None for the real one."""

    @property
    def settings(self) -> Settings:
        """The settings that koonj.toml would have."""
        password = Password("command", self.command, "koonj.toml:9")
        production = replace(self.targets[0], name="production", declared=True, password=password)
        trust = Trust(
            folders=(self.folder or self.root.resolve(),),
            secrets=(("targets.production", password),),
            commands_hash="abc",
            has_changed=self.has_changed,
        )
        settings = super().settings
        return replace(settings, targets=(self.targets[0], production)).trusting(trust)


@pytest.fixture
def untrusted(project: Project, home: Path, monkeypatch: pytest.MonkeyPatch) -> Untrusted:
    monkeypatch.setattr(rehearsals, "PAUSE", 0.01)
    made = Untrusted(project.root, *project.targets)
    made.table(1)
    return made


@pytest.fixture
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RecordedRehearsals:
    made = RecordedRehearsals(tmp_path_factory.mktemp("recorded"))
    made.set_rehearsals(rehearsal("001_make_t1.sql"))
    return made


async def only_look(screen: Screen) -> None:
    await screen.expect_dialog()
    await screen.press("n")
    await screen.until(lambda: isinstance(screen.app.screen, Main))


async def test_dialog_says_what_koonj_would_run(untrusted: Untrusted) -> None:
    async with untrusted.open((100, 30)) as screen:
        text = await screen.expect_dialog("Trust this folder?")
        words = " ".join(text.split())
        assert str(untrusted.root.resolve()) in words.replace(" ", "")
        assert "- the SQL of the migrations on a scratch server: rehearsals (also in the background)" in words
        assert "- the command false (koonj.toml:9, password of targets.production)" in words
        assert "has changed" not in words
        assert screen.bottom().split() or "y trust" in screen.text()


async def test_dialog_says_that_the_configuration_has_changed(untrusted: Untrusted) -> None:
    untrusted.has_changed = True
    async with untrusted.open() as screen:
        await screen.expect_dialog("koonj.toml has changed since you trusted this folder.")


@pytest.mark.parametrize("key", ["n", "escape", "ctrl+c"])
async def test_untrusted_folder_shows_states_and_runs_nothing(
    untrusted: Untrusted, recorded: RecordedRehearsals, tmp_path: Path, key: str
) -> None:
    ran = tmp_path / "ran"
    untrusted.command = f"touch {ran}; echo x"
    async with untrusted.open((120, 30), rehearses=True, program=recorded.program) as screen:
        await screen.expect_dialog()
        await screen.press(key)
        await screen.until("To trust it, press u.")
        assert "pending" in screen.row("make_t1")
        assert "! folder not trusted: koonj runs nothing here" in screen.top()
        for pressed in ("a", "A", "r", "p", "D"):
            await screen.press(pressed)
            await screen.until(lambda: "You do not trust this folder yet" in screen.bottom())
        await screen.press("R")
        await screen.until(lambda: all(c.since is None for c in screen.main.snapshot.checks))
        assert "× not trusted" in "\n".join(screen.targets())
        assert "u trust folder" in screen.bottom()
    assert not recorded.requested_names
    assert not ran.exists()
    assert not trusted_folders.trusted()


async def test_key_trusts_the_folder_and_starts_to_rehearse(
    untrusted: Untrusted, recorded: RecordedRehearsals, tmp_path: Path
) -> None:
    ran = tmp_path / "ran"
    untrusted.command = f"touch {ran}; echo x"
    async with untrusted.open((120, 30), rehearses=True, program=recorded.program) as screen:
        await screen.expect_dialog()
        await screen.yes()
        await screen.until(lambda: "verified" in screen.text())
        await screen.until(ran.exists)
        await screen.until(lambda: "not trusted" not in screen.text())
        assert "trust folder" not in screen.bottom()
        await screen.press("a")
        await screen.expect_dialog("Apply 1 migration to local?")
        await screen.press("n")
        await screen.expect_run("not confirmed")
    (record,) = trusted_folders.trusted().items()
    assert (record[0], record[1].commands_hash) == (untrusted.root.resolve(), "abc")
    file = Path(os.environ["XDG_STATE_HOME"], "koonj/trusted.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 50)], ids=str)
async def test_trust_moves_no_column_of_the_list(
    untrusted: Untrusted, recorded: RecordedRehearsals, size: tuple[int, int]
) -> None:
    untrusted.write("002_a_long_name_that_fills_all_of_the_column_of_names.sql", "SELECT 1;\n")
    async with untrusted.open(
        size, Terminal(theme="dark"), rehearses=True, program=recorded.program
    ) as screen:
        await only_look(screen)
        await screen.until(lambda: "pending" in screen.row("002"))
        before = screen.row("002")
        await screen.press("u")
        await screen.expect_dialog()
        await screen.yes()
        await screen.until(lambda: "◉" in screen.row("001"))
        end = before.index("pending")
        assert screen.row("002")[:end] == before[:end]


async def test_dialog_opens_again_with_its_key(untrusted: Untrusted) -> None:
    async with untrusted.open() as screen:
        await only_look(screen)
        await screen.press("u")
        await screen.expect_dialog("Trust this folder?")
        await screen.yes()
        await screen.until(lambda: screen.main.snapshot.settings.trust.given)
        await screen.press("u")
        await screen.until("You already trust this folder. Only the command line can undo that.")


@pytest.mark.parametrize("keys", [["enter"], ["space"], ["y", "y"], ["u", "u"]])
async def test_other_keys_and_held_keys_do_not_trust(untrusted: Untrusted, keys: list[str]) -> None:
    async with untrusted.open() as screen:
        await screen.expect_dialog()
        await screen.press(*keys)
        await screen.pilot.pause(0.3)
        assert isinstance(screen.app.screen, TrustDialog)
    assert not trusted_folders.trusted()


async def test_key_that_was_pressed_before_the_text_can_be_read_does_not_trust(
    untrusted: Untrusted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialog, "READING", 3600.0)
    async with untrusted.open(answered=False) as screen:
        await screen.until(lambda: isinstance(screen.app.screen, TrustDialog))
        await screen.press("y")
        await screen.pilot.pause(0.3)
        assert isinstance(screen.app.screen, TrustDialog)
    assert not trusted_folders.trusted()


async def test_trust_that_cannot_be_stored_is_shown(
    untrusted: Untrusted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    async with untrusted.open((160, 30)) as screen:
        await screen.expect_dialog()
        await screen.yes()
        await screen.until("Cannot create")
        assert not screen.main.snapshot.settings.trust.given


async def test_trusted_folder_asks_nothing(project: Project) -> None:
    project.table(1)
    async with project.open() as screen:
        assert isinstance(screen.app.screen, Main)
        assert "not trusted" not in screen.text()
        assert "trust folder" not in screen.bottom()


@pytest.mark.parametrize("size", [(100, 30), (80, 24)], ids=str)
async def test_golden(untrusted: Untrusted, golden: Golden, size: tuple[int, int]) -> None:
    untrusted.folder = Path("/home/ada/clones/app")
    async with untrusted.open(size) as screen:
        await screen.expect_dialog()
        await golden(screen, f"trust_dialog_{size[0]}")
        await only_look(screen)
        await screen.press("j")
        await golden(screen, f"untrusted_{size[0]}")
