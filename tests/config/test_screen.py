"""[screen] and [keys]: in the person's own file and in koonj.toml; the person's own goes first."""

from pathlib import Path

import pytest

from koonj.config import ConfigError, KeySetting, ScreenSettings, ThemeSetting, places
from koonj.config.screen import load, own_file
from support.config_project import Project


class Person:
    def __init__(self, home: Path, project: Project) -> None:
        self.home, self.project = home, project
        self.environ = {"HOME": str(home)}

    def own(self, text: str, path: str = ".config/koonj/config.toml") -> "Person":
        (self.home / path).parent.mkdir(parents=True)
        (self.home / path).write_text(text, encoding="utf-8")
        return self

    def wishes(self) -> ScreenSettings:
        return load(self.project.root, environ=self.environ)

    def error(self) -> str:
        with pytest.raises(ConfigError) as caught:
            self.wishes()
        return str(caught.value)


@pytest.fixture
def person(project: Project, tmp_path: Path) -> Person:
    return Person(tmp_path / "home", project)


BOTH = """
[screen]
theme = "dark"
mouse = false

[keys]
apply-next = "ctrl+a"
theme = ["f9", "T"]
format = ""
"""


def test_nothing_is_said_by_default(person: Person) -> None:
    assert person.wishes() == ScreenSettings()


def test_the_persons_own_file(person: Person) -> None:
    found = person.own(BOTH).wishes()
    where = "~/.config/koonj/config.toml"
    assert found.theme == ThemeSetting("dark", f"{where}:3")
    assert found.mouse is False
    assert found.ascii_only is None
    assert found.keys == (
        KeySetting("apply-next", ("ctrl+a",), f"{where}:7"),
        KeySetting("theme", ("f9", "T"), f"{where}:8"),
        KeySetting("format", (), f"{where}:9"),
    )


def test_koonj_toml_has_the_same_tables(person: Person) -> None:
    person.project.toml(BOTH)
    assert person.wishes().theme == ThemeSetting("dark", "koonj.toml:3")


def test_the_persons_own_goes_first_wish_by_wish(person: Person) -> None:
    person.project.toml('[screen]\ntheme = "dark"\nascii = true\n[keys]\nedit = "E"\nquit = "Q"')
    person.own('[screen]\ntheme = "light"\nmouse = true\n[keys]\nquit = "x"')
    found = person.wishes()
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
def test_where_the_own_file_is(environ: dict[str, str], expected: Path | None) -> None:
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
        ("[screen", ": not TOML: "),
    ],
)
def test_what_is_wrong_in_it(person: Person, text: str, message: str) -> None:
    assert person.own(text).error().startswith(f"~/.config/koonj/config.toml{message}")


def test_only_the_screen_minds(person: Person) -> None:
    person.own("[screen").project.toml(
        '[screen]\ntheme = 3\n[keys]\nnothing = 4\n[targets.a]\ndsn = "dbname=a"'
    )
    assert places(person.project.root).root == person.project.root
    assert person.project.load(environ=person.environ).target.name == "a"
    assert person.error().startswith("koonj.toml:2: screen.theme")


def test_rehearsals_in_the_background_can_be_switched_off_and_the_variable_goes_first(person: Person) -> None:
    assert person.wishes().rehearse is None
    person.own("[screen]\nrehearse = false\n")
    assert person.wishes().rehearse is False
    person.environ["KOONJ_REHEARSE"] = "1"
    assert person.wishes().rehearse is True
    person.environ["KOONJ_REHEARSE"] = "never"
    assert "KOONJ_REHEARSE=never: write 0 or 1." in person.error()
