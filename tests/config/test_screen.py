"""Tests for [screen] and [keys] in the user's file and in koonj.toml."""

from pathlib import Path

import pytest

from koonj.config import ConfigError, project_folders
from koonj.config.screen import load, own_file
from koonj.config.screen_settings import KeySetting, ScreenSettings, ThemeSetting
from support.config_project import Project


class User:
    def __init__(self, home: Path, project: Project) -> None:
        self.home, self.project = home, project
        self.environ = {"HOME": str(home)}

    def own(self, text: str, path: str = ".config/koonj/config.toml") -> "User":
        (self.home / path).parent.mkdir(parents=True)
        (self.home / path).write_text(text, encoding="utf-8")
        return self

    def settings(self) -> ScreenSettings:
        return load(self.project.root, environ=self.environ)

    def error(self) -> str:
        with pytest.raises(ConfigError) as caught:
            self.settings()
        return str(caught.value)


@pytest.fixture
def user(project: Project, tmp_path: Path) -> User:
    return User(tmp_path / "home", project)


BOTH = """
[screen]
theme = "dark"
mouse = false

[keys]
apply-next = "ctrl+a"
theme = ["f9", "T"]
format = ""
"""


def test_nothing_is_set_by_default(user: User) -> None:
    assert user.settings() == ScreenSettings()


def test_settings_are_read_from_the_users_file(user: User) -> None:
    found = user.own(BOTH).settings()
    where = "~/.config/koonj/config.toml"
    assert found.theme == ThemeSetting("dark", f"{where}:3")
    assert found.mouse is False
    assert found.ascii_only is None
    assert found.keys == (
        KeySetting("apply-next", ("ctrl+a",), f"{where}:7"),
        KeySetting("theme", ("f9", "T"), f"{where}:8"),
        KeySetting("format", (), f"{where}:9"),
    )


def test_settings_are_read_from_koonj_toml(user: User) -> None:
    user.project.toml(BOTH)
    assert user.settings().theme == ThemeSetting("dark", "koonj.toml:3")


def test_each_setting_of_the_users_file_has_priority(user: User) -> None:
    user.project.toml('[screen]\ntheme = "dark"\nascii = true\n[keys]\nedit = "E"\nquit = "Q"')
    user.own('[screen]\ntheme = "light"\nmouse = true\n[keys]\nquit = "x"')
    found = user.settings()
    assert found.theme is not None
    assert (found.theme.name, found.mouse, found.ascii_only) == ("light", True, True)
    assert {wish.command: wish.keys for wish in found.keys} == {"quit": ("x",), "edit": ("E",)}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/home/ada"}, Path("/home/ada/.config/koonj/config.toml")),
        ({"HOME": "/home/ada", "XDG_CONFIG_HOME": "/cfg"}, Path("/cfg/koonj/config.toml")),
        ({"HOME": "/home/ada", "XDG_CONFIG_HOME": "cfg"}, Path("/home/ada/.config/koonj/config.toml")),
        ({"HOME": "/home/ada", "XDG_CONFIG_HOME": ""}, Path("/home/ada/.config/koonj/config.toml")),
        ({}, None),
    ],
)
def test_own_file_follows_the_xdg_specification(environ: dict[str, str], expected: Path | None) -> None:
    assert own_file(environ) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[screen]\nthem = 'dark'", ":2: unknown key 'them'. Did you mean 'theme'?"),
        ("[screen]\nmouse = 'off'", ":2: screen.mouse must be true or false, not a string."),
        ("[screen]\ntheme = 3", ":2: screen.theme must be a string, not a number."),
        (
            "\n[keys]\nedit = 3",
            ':3: keys.edit must be a key such as "ctrl+a", or an array of keys; [] for none.',
        ),
        ("keys = 3", ":1: keys must be a table, not a number."),
        ("[targets.a]\ndsn = 'x'", ":1: unknown key 'targets'. Known: screen, keys."),
        ("[screen", ": not valid TOML: "),
    ],
)
def test_invalid_file_is_an_error(user: User, text: str, message: str) -> None:
    assert user.own(text).error().startswith(f"~/.config/koonj/config.toml{message}")


def test_invalid_screen_settings_affect_only_the_screen(user: User) -> None:
    user.own("[screen").project.toml(
        '[screen]\ntheme = 3\n[keys]\nnothing = 4\n[targets.a]\ndsn = "dbname=a"'
    )
    assert project_folders(user.project.root).root == user.project.root
    assert user.project.load(environ=user.environ).target.name == "a"
    assert user.error().startswith("koonj.toml:2: screen.theme")


def test_background_rehearsals_can_be_turned_off_and_the_variable_has_priority(user: User) -> None:
    assert user.settings().rehearse is None
    user.own("[screen]\nrehearse = false\n")
    assert user.settings().rehearse is False
    user.environ["KOONJ_REHEARSE"] = "1"
    assert user.settings().rehearse is True
    user.environ["KOONJ_REHEARSE"] = "never"
    assert "KOONJ_REHEARSE=never: use 0 or 1." in user.error()
