"""Reading a folder of migrations: names, problems, ignored files, reading again."""

import os
import socket
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.migrations.folder import Folder, FolderError, FolderReader, check
from koonj.migrations.names import FITTING, looks_like_one, suggest
from koonj.sql.problem import Severity

TEXT = "BEGIN;\nCREATE TABLE t ();\nCOMMIT;\n-- Rollback:\n-- DROP TABLE t;\n"


def write(folder: Path, *names: str, text: str = TEXT) -> None:
    for name in names:
        (folder / name).write_text(text, encoding="utf-8")


def names(folder: Folder) -> list[str]:
    return [m.name for m in folder.migrations]


def codes(folder: Folder) -> list[tuple[str, str]]:
    return [(name, problem.code) for name, problem in folder.problems]


class TestNames:
    def test_migrations_are_sorted_by_number_not_as_text(self, tmp_path: Path) -> None:
        write(tmp_path, "1000_d.sql", "010_c.sql", "009_b.sql", "0002_a.sql", "20240131093000_e.sql")
        folder = FolderReader(tmp_path).read()
        assert names(folder) == ["0002_a.sql", "009_b.sql", "010_c.sql", "1000_d.sql", "20240131093000_e.sql"]
        assert [m.number for m in folder.migrations] == [2, 9, 10, 1000, 20240131093000]

    @pytest.mark.parametrize(
        ("name", "suggestion"),
        [
            ("16-add.sql", "016_add.sql"),
            ("7_x.sql", "007_x.sql"),
            ("012_Add.SQL", "012_add.sql"),
            ("012 add status.sql", "012_add_status.sql"),
            ("012.sql", "012_description.sql"),
            ("012_.sql", "012_description.sql"),
            ("012_größe.sql", "012_gr_e.sql"),
            ("20180805174141-x.sql", "20180805174141_x.sql"),
            ("012_add.up.sql", "012_add.sql"),
        ],
    )
    def test_invalid_name_is_reported_with_a_suggestion(
        self, tmp_path: Path, name: str, suggestion: str
    ) -> None:
        write(tmp_path, name)
        folder = FolderReader(tmp_path).read()
        ((found, problem),) = folder.problems
        assert (found, problem.code, problem.severity) == (name, "bad-name", Severity.ERROR)
        assert suggestion in problem.hint
        assert (names(folder), folder.other_files) == ([], 0)

    def test_hint_names_the_rollback_section_when_file_is_half_of_a_pair(self, tmp_path: Path) -> None:
        write(tmp_path, "012_add.down.sql")
        assert "below '-- Rollback:'" in FolderReader(tmp_path).read().problems[0][1].hint

    def test_name_is_printable_when_it_is_not_utf8(self, tmp_path: Path) -> None:
        (tmp_path / os.fsdecode(b"012_\xff.sql")).write_text(TEXT)
        ((name, problem),) = FolderReader(tmp_path).read().problems
        assert (name, problem.code) == (r"012_\udcff.sql", "bad-name")
        (problem.message + problem.hint).encode()

    @given(st.from_regex(r"[0-9][^/\x00]{0,40}\.[sS][qQ][lL]", fullmatch=True))
    def test_suggested_name_is_always_valid(self, name: str) -> None:
        assert looks_like_one(name)
        assert FITTING.fullmatch(suggest(name))

    def test_other_files_are_counted_and_ignored(self, tmp_path: Path) -> None:
        write(tmp_path, "001_a.sql", "README.md", "seed.sql", "002_b.py", "003_c.sql~", ".004_d.sql.swp")
        (tmp_path / "005_folder.sql").mkdir()
        (tmp_path / "6-folder.sql").mkdir()
        (tmp_path / "007_folder").mkdir()
        folder = FolderReader(tmp_path).read()
        assert (names(folder), folder.other_files, folder.problems) == (["001_a.sql"], 8, ())


class TestNumbers:
    def test_duplicate_number_names_the_other_files(self, tmp_path: Path) -> None:
        write(tmp_path, "001_a.sql", "001_b.sql", "0001_c.sql", "002_d.sql")
        folder = FolderReader(tmp_path).read()
        assert codes(folder) == [(n, "duplicate-number") for n in ("0001_c.sql", "001_a.sql", "001_b.sql")]
        message = folder.problems[1][1].message
        assert message == ("Number 001 is also used by 0001_c.sql, 001_b.sql, so their order is undefined.")

    def test_gaps_are_reported_as_notes(self, tmp_path: Path) -> None:
        write(tmp_path, "003_a.sql", "005_b.sql", "009_c.sql")
        folder = FolderReader(tmp_path).read()
        assert [(n, p.message, p.severity) for n, p in folder.problems] == [
            ("005_b.sql", "Number 004 is not used.", Severity.NOTE),
            ("009_c.sql", "Numbers 006 to 008 are not used.", Severity.NOTE),
        ]

    def test_gaps_are_not_reported_when_numbers_are_dates(self, tmp_path: Path) -> None:
        write(tmp_path, "001_a.sql", "20240131_b.sql", "20240205093000_c.sql")
        assert FolderReader(tmp_path).read().problems == ()


class TestLinks:
    def test_link_is_followed_when_it_stays_in_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "shared").mkdir()
        write(tmp_path / "shared", "text.sql")
        (tmp_path / "001_a.sql").symlink_to("shared/text.sql")
        folder = FolderReader(tmp_path).read()
        assert [m.text for m in folder.migrations] == [TEXT]
        assert folder.other_files == 1

    @pytest.mark.parametrize("relative", [True, False])
    def test_link_is_refused_when_it_leaves_the_folder(self, tmp_path: Path, relative: bool) -> None:
        place = tmp_path / "m"
        place.mkdir()
        write(tmp_path, "secret.sql")
        (place / "001_a.sql").symlink_to("../secret.sql" if relative else tmp_path / "secret.sql")
        folder = FolderReader(place).read()
        ((_, problem),) = folder.problems
        assert (problem.code, problem.severity) == ("leaves-folder", Severity.ERROR)
        assert str(tmp_path / "secret.sql") in problem.message
        assert names(folder) == []

    def test_link_is_refused_when_it_leaves_through_a_linked_folder(self, tmp_path: Path) -> None:
        place = tmp_path / "m"
        place.mkdir()
        write(tmp_path, "secret.sql")
        (place / "up").symlink_to("..")
        (place / "001_a.sql").symlink_to("up/secret.sql")
        assert codes(FolderReader(place).read()) == [("001_a.sql", "leaves-folder")]

    def test_link_is_refused_when_folder_names_share_a_prefix(self, tmp_path: Path) -> None:
        for name in ("m", "m2"):
            (tmp_path / name).mkdir()
        write(tmp_path / "m2", "a.sql")
        (tmp_path / "m/001_a.sql").symlink_to("../m2/a.sql")
        assert codes(FolderReader(tmp_path / "m").read()) == [("001_a.sql", "leaves-folder")]

    def test_folder_is_read_when_it_is_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        write(tmp_path / "real", "001_a.sql")
        (tmp_path / "real/002_b.sql").symlink_to("001_a.sql")
        (tmp_path / "m").symlink_to("real")
        assert names(FolderReader(tmp_path / "m").read()) == ["001_a.sql", "002_b.sql"]

    def test_link_is_refused_when_it_is_changed_to_leave_the_folder(self, tmp_path: Path) -> None:
        place = tmp_path / "m"
        place.mkdir()
        write(place, "text.sql")
        write(tmp_path, "secret.sql")
        (place / "001_a.sql").symlink_to("text.sql")
        reader = FolderReader(place)
        assert names(reader.read()) == ["001_a.sql"]
        (place / "001_a.sql").unlink()
        (place / "001_a.sql").symlink_to("../secret.sql")
        assert codes(reader.read()) == [("001_a.sql", "leaves-folder")]

    @pytest.mark.parametrize("end", ["nowhere.sql", "001_a.sql"])
    def test_link_is_unreadable_when_it_is_broken(self, tmp_path: Path, end: str) -> None:
        (tmp_path / "001_a.sql").symlink_to(end)
        folder = FolderReader(tmp_path).read()
        assert codes(folder) == [("001_a.sql", "unreadable")]


class TestUnreadable:
    def test_fifo_is_unreadable_and_does_not_block(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "001_a.sql")
        ((_, problem),) = FolderReader(tmp_path).read().problems
        assert problem.code == "unreadable"
        assert "not a regular file" in problem.message

    def test_socket_is_unreadable(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("001_a.sql")
            assert codes(FolderReader(tmp_path).read()) == [("001_a.sql", "unreadable")]

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_file_is_unreadable_without_permission(self, tmp_path: Path) -> None:
        write(tmp_path, "001_a.sql")
        (tmp_path / "001_a.sql").chmod(0)
        ((_, problem),) = FolderReader(tmp_path).read().problems
        assert "Permission denied" in problem.message

    def test_read_fails_when_folder_is_missing(self, tmp_path: Path) -> None:
        place = tmp_path / "m"
        place.mkdir()
        reader = FolderReader(place, tmp_path)
        place.rmdir()
        with pytest.raises(
            FolderError, match=r"^m: the migrations folder cannot be read: No such file.*--migrations"
        ):
            reader.read()

    def test_read_fails_when_folder_is_a_file(self, tmp_path: Path) -> None:
        write(tmp_path, "m")
        with pytest.raises(FolderError, match="Not a directory"):
            FolderReader(tmp_path / "m").read()


class TestReadAgain:
    @pytest.fixture
    def reader(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderReader:
        """Return a reader of a folder whose files have time stamps that can be trusted."""
        write(tmp_path, "001_a.sql", "002_b.sql")
        real = time.time_ns
        monkeypatch.setattr(time, "time_ns", lambda: real() + 10_000_000_000)
        return FolderReader(tmp_path)

    @staticmethod
    def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Return a list that collects the files that are opened from now on."""
        found: list[str] = []
        real = os.open

        def opening(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
            found.append(str(path))
            return real(path, flags, mode, dir_fd=dir_fd)

        monkeypatch.setattr(os, "open", opening)
        return found

    def test_read_returns_the_same_object_when_nothing_changed(
        self, reader: FolderReader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = reader.read()
        opened = self.opened(monkeypatch)
        assert reader.read() is first
        assert opened == [str(reader.path)]

    def test_only_the_changed_file_is_read_again(
        self, reader: FolderReader, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = reader.read()
        write(reader.path, "002_b.sql", text="SELECT 1;")
        opened = self.opened(monkeypatch)
        second = reader.read()
        assert opened == [str(reader.path), "002_b.sql"]
        assert second is not first
        assert second.migrations[0] is first.migrations[0]
        assert second.migrations[1].text == "SELECT 1;"

    def test_migration_stays_the_same_object_when_file_is_only_touched(self, reader: FolderReader) -> None:
        first = reader.read()
        os.utime(reader.path / "001_a.sql")
        assert reader.read() is first

    def test_change_is_noticed_when_size_and_time_stay_the_same(self, reader: FolderReader) -> None:
        reader.read()
        file = reader.path / "001_a.sql"
        before = file.stat()
        file.write_text(TEXT.replace("TABLE t", "TABLE u"))
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert "TABLE u" in reader.read().migrations[0].text

    def test_replacement_is_noticed_when_size_and_time_stay_the_same(self, reader: FolderReader) -> None:
        reader.read()
        file, other = reader.path / "001_a.sql", reader.path / "new"
        before = file.stat()
        other.write_text(TEXT.replace("TABLE t", "TABLE u"))
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(file)
        assert "TABLE u" in reader.read().migrations[0].text

    def test_file_is_read_again_when_it_was_just_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write(tmp_path, "001_a.sql")
        reader = FolderReader(tmp_path)
        first = reader.read()
        opened = self.opened(monkeypatch)
        assert reader.read() is first
        assert opened == [str(tmp_path), "001_a.sql"]

    def test_new_and_deleted_files_are_noticed(self, reader: FolderReader) -> None:
        reader.read()
        (reader.path / "001_a.sql").unlink()
        write(reader.path, "003_c.sql", "notes.txt")
        folder = reader.read()
        assert (names(folder), folder.other_files) == (["002_b.sql", "003_c.sql"], 1)

    def test_other_files_are_counted_again_when_only_they_changed(self, reader: FolderReader) -> None:
        first = reader.read()
        write(reader.path, "notes.txt")
        second = reader.read()
        assert (second.other_files, second.migrations) == (1, first.migrations)

    def test_renamed_file_gets_its_new_name(self, reader: FolderReader) -> None:
        reader.read()
        (reader.path / "001_a.sql").rename(reader.path / "003_a.sql")
        assert names(reader.read()) == ["002_b.sql", "003_a.sql"]


class TestCheck:
    def test_check_names_files_by_the_path_that_the_user_knows(self, tmp_path: Path) -> None:
        place = tmp_path / "db/migrations"
        place.mkdir(parents=True)
        write(place, "001_a.sql", "2_b.sql")
        write(place, "003_c.sql", text="BEGIN;\nSELECT 'x;\n")
        found = check(FolderReader(place, tmp_path).read())
        assert [(f.name, f.path, f.problem.code) for f in found[:2]] == [
            ("2_b.sql", "db/migrations/2_b.sql", "bad-name"),
            ("003_c.sql", "db/migrations/003_c.sql", "gap"),
        ]
        assert {f.path for f in found[2:]} == {"db/migrations/003_c.sql"}
        assert {"no-rollback", "unterminated"} <= {f.problem.code for f in found[2:]}

    def test_path_is_the_name_when_folder_is_the_working_directory(self, tmp_path: Path) -> None:
        write(tmp_path, "001_a.sql", "2_b.sql")
        folder = FolderReader(tmp_path, tmp_path).read()
        assert folder.migrations[0].shown_path == "001_a.sql"
        assert [f.path for f in check(folder)] == ["2_b.sql"]

    def test_path_is_absolute_when_that_is_shorter(self, tmp_path: Path) -> None:
        write(tmp_path, "001_a.sql")
        folder = FolderReader(tmp_path, Path("/usr/share/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v")).read()
        assert folder.migrations[0].shown_path == str(tmp_path / "001_a.sql")

    def test_check_finds_nothing_in_a_correct_folder(self, tmp_path: Path) -> None:
        write(tmp_path, "001_a.sql")
        assert check(FolderReader(tmp_path).read()) == ()
