"""Tell whether koonj runs in a CI job."""

from collections.abc import Mapping


def in_ci(environ: Mapping[str, str]) -> bool:
    """Return whether the variable CI is set, as each common CI does."""
    return environ.get("CI", "").lower() not in {"", "0", "false"}
