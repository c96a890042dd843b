"""Creating migration files: numbers, names, all or none."""

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.migrations.folder import FolderReader, check
from koonj.migrations.names import FITTING
from koonj.migrations.new import Draft, SlugError, blank, create, next_number, slugify


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).touch()


def listed(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


class TestNumbers:
    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            ([], "001_x.sql"),
            (["001_a.sql", "007_b.sql"], "008_x.sql"),
            (["999_a.sql"], "1000_x.sql"),
            (["0001_a.sql"], "0002_x.sql"),
            (["001_a.sql", "16-add.sql"], "017_x.sql"),
            (["001_a.sql", "20240131-dump.sql", "99 bottles.txt"], "002_x.sql"),
            (["20240131093000_a.sql"], "20240131093001_x.sql"),
            (["README.md", "seed.sql"], "001_x.sql"),
        ],
    )
    def test_next_number_follows_the_highest(self, tmp_path: Path, names: list[str], expected: str) -> None:
        touch(tmp_path, *names)
        number = next_number(FolderReader(tmp_path).read())
        (made,) = create(tmp_path, [Draft("x", "SELECT 1;\n")])
        assert made == tmp_path / expected
        assert int(expected.split("_", maxsplit=1)[0]) == number

    def test_processes_get_different_numbers_when_they_create_at_once(self, tmp_path: Path) -> None:
        threads = [
            threading.Thread(target=create, args=(tmp_path, [Draft(f"a{i}", "a"), Draft(f"b{i}", "b")]))
            for i in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        folder = FolderReader(tmp_path).read()
        assert [m.number for m in folder.migrations] == list(range(1, 17))
        names = [m.name for m in folder.migrations]
        assert all(a[4:].replace("a", "b") == b[4:] for a, b in zip(names[::2], names[1::2], strict=True))


class TestCreate:
    def test_file_starts_with_its_own_name(self, tmp_path: Path) -> None:
        (made,) = create(
            tmp_path, [Draft("größe".replace("ö", "oe").replace("ß", "ss"), "-- Größe.\nSELECT 1;\n\n\n")]
        )
        assert made.read_bytes() == "-- 001_groesse.sql\n-- Größe.\nSELECT 1;\n".encode()

    def test_drafts_are_numbered_in_their_order(self, tmp_path: Path) -> None:
        touch(tmp_path, "041_a.sql")
        made = create(tmp_path, [Draft("first", "SELECT 1;"), Draft("second", "SELECT 2;")])
        assert [p.name for p in made] == ["042_first.sql", "043_second.sql"]

    def test_permissions_follow_the_umask(self, tmp_path: Path) -> None:
        old = os.umask(0o027)
        try:
            (made,) = create(tmp_path, [Draft("x", "")])
        finally:
            os.umask(old)
        assert made.stat().st_mode & 0o777 == 0o640

    def test_no_file_is_left_when_the_disk_is_full(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        touch(tmp_path, "001_a.sql")
        real, calls = os.fsync, []

        def full_at_the_second(descriptor: int) -> None:
            calls.append(descriptor)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            real(descriptor)

        monkeypatch.setattr(os, "fsync", full_at_the_second)
        with pytest.raises(OSError, match="No space left"):
            create(tmp_path, [Draft("x", "1"), Draft("y", "2"), Draft("z", "3")])
        assert listed(tmp_path) == ["001_a.sql"]

    def test_no_file_is_left_when_interrupted(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(_: int) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "fsync", interrupted)
        with pytest.raises(KeyboardInterrupt):
            create(tmp_path, [Draft("x", "1")])
        assert listed(tmp_path) == []

    def test_existing_file_is_never_overwritten(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another program creates its file after koonj listed the folder."""
        (tmp_path / "002_y.sql").write_text("mine")
        monkeypatch.setattr("koonj.migrations.new._names", lambda _: [])
        with pytest.raises(FileExistsError):
            create(tmp_path, [Draft("x", "1"), Draft("y", "2")])
        assert listed(tmp_path) == ["002_y.sql"]
        assert (tmp_path / "002_y.sql").read_text() == "mine"

    def test_create_fails_when_folder_is_missing(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            create(tmp_path / "gone", [Draft("x", "1")])

    @pytest.mark.parametrize("slug", ["../x", "Add", "a-b", "", "a.sql"])
    def test_create_fails_when_slug_is_invalid(self, tmp_path: Path, slug: str) -> None:
        with pytest.raises(SlugError):
            create(tmp_path, [Draft("fine", "1"), Draft(slug, "2")])
        assert listed(tmp_path) == []


class TestBlank:
    def test_blank_migration_lacks_only_statements(self, tmp_path: Path) -> None:
        (made,) = create(tmp_path, [blank("add_status_to_documents")])
        assert made.read_text().splitlines()[:3] == [
            "-- 001_add_status_to_documents.sql",
            "-- Add status to documents: what it changes, and why.",
            "BEGIN;",
        ]
        folder = FolderReader(tmp_path).read()
        assert {f.problem.code for f in check(folder)} == {"empty", "empty-rollback"}
        assert folder.migrations[0].shape.wrapped


class TestSlug:
    @pytest.mark.parametrize(
        ("words", "slug"),
        [
            ("Add status to documents", "add_status_to_documents"),
            ("add-status  (again!)", "add_status_again"),
            ("Größe für Café", "gro_e_fur_cafe"),
            ("016_add_status.sql", "add_status"),
            ("add_status.sql", "add_status"),
            ("2fa for users", "2fa_for_users"),
            ("__x__", "x"),
        ],
    )
    def test_words_become_a_slug(self, words: str, slug: str) -> None:
        assert slugify(words) == slug

    @pytest.mark.parametrize("words", ["", "  ", "स्थिति", "!!!", "x" * 201])
    def test_slugify_fails_without_letters_or_digits(self, words: str) -> None:
        with pytest.raises(SlugError):
            slugify(words)

    @given(st.text(max_size=60))
    def test_any_text_becomes_a_valid_slug_or_is_refused(self, words: str) -> None:
        try:
            slug = slugify(words)
        except SlugError:
            return
        assert FITTING.fullmatch(f"001_{slug}.sql")
        assert slugify(slug) == slug
