"""The hash of a file's bytes. Apart from the other hashes, because it needs no parser."""

from hashlib import sha256


def file_hash(raw: bytes) -> str:
    """Return the SHA-256 hash of the bytes, in hexadecimal digits."""
    return sha256(raw).hexdigest()
