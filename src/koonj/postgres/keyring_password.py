"""Print a password of the keyring of this machine.

`koonj.postgres.password` runs it (``python -P -m koonj.postgres.keyring_password SERVICE USER``): only this
process imports keyring, and waits for the keyring.
"""

from __future__ import annotations

import sys

import keyring
from keyring.errors import KeyringError

from koonj.postgres.password import SAID


def main(words: list[str]) -> int:
    """Print the password, or why there is none."""
    service, user = words
    try:
        found = keyring.get_password(service, user)
    except KeyringError as error:
        sys.stderr.write(f"keyring says: {str(error).partition(chr(10))[0] or type(error).__name__}\n")
        return SAID
    if found is None:
        sys.stderr.write(
            f"the keyring has no entry {service} for {user}. To add it, run: keyring set {service} {user}\n"
        )
        return SAID
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
