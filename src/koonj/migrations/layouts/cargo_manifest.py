"""The dependencies in the Cargo.toml of a project of Rust."""

from __future__ import annotations

import re

from koonj.migrations.layouts.folder_listing import FolderListing

FILE = "Cargo.toml"


def depends_on(listing: FolderListing, crate: str) -> bool:
    """Return whether the Cargo.toml at or above the folder names a crate as a dependency.

    It is searched as text, so that a file with an error counts, too.
    """
    cargo = listing.configuration(FILE)
    if cargo is None:
        return False
    name = rf"\"?{re.escape(crate)}\"?"
    table = rf"\[(?:.*\.)?(?:dev-|build-)?dependencies\.{name}\]"
    return re.search(rf"^[ \t]*(?:{name}[ \t]*[.=]|{table})", cargo, re.MULTILINE) is not None
