"""The metadata of a package in the release file."""

from __future__ import annotations

import os
from importlib.metadata import Distribution
from pathlib import Path


class LockedDistribution(Distribution):
    """A package, of which only name and version are known."""

    def __init__(self, name: str, version: str) -> None:
        self._texts = {"METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"}
        self._version = version

    @property
    def version(self) -> str:
        """The version, without reading a file."""
        return self._version

    def read_text(self, filename: str) -> str | None:
        """Return the text of a file of its metadata; None if there is none."""
        return self._texts.get(filename)

    def locate_file(self, path: str | os.PathLike[str]) -> Path:
        """Return where a file of the package would be."""
        return Path(path)
