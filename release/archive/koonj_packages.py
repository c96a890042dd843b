"""Tell `importlib.metadata` the versions of the packages in the release file.

psycopg asks for its own version when it is imported. Otherwise Python would read the list of all files in the
archive for that, which takes as long as a fifth of a start.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from importlib.metadata import Distribution, DistributionFinder
    from types import ModuleType


class Packages:
    """A finder of packages for `sys.meta_path`. It finds no modules."""

    def __init__(self, versions: Iterable[tuple[str, str]]) -> None:
        self._versions = dict(versions)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return None: the other finders import the modules."""
        return None

    def find_distributions(self, context: DistributionFinder.Context) -> Iterable[Distribution]:
        """Yield the package with the name in `context`, or all."""
        from koonj_metadata import LockedDistribution  # noqa: PLC0415 - not every command needs a version

        names = self._versions if context.name is None else {context.name} & self._versions.keys()
        return (LockedDistribution(name, self._versions[name]) for name in sorted(names))
