"""Certificates for tests with TLS, from a CA that is made for them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from koonj.postgres.embedded.binaries import Binaries, discover


def certificates(folder: Path) -> Path:
    """Make ca.crt, other.crt (another CA), server.crt, expired.crt and named.crt. Return the folder.

    server.crt has only a common name (localhost), named.crt alternative names.
    """
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    (folder / "names").write_text("subjectAltName=DNS:db.internal,DNS:*.db.internal,IP:10.0.0.5\n")
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-keyout")
    sign = ("x509", "-req", "-in", "server.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial")
    for words in (
        (*new, "ca.key", "-x509", "-out", "ca.crt", "-days", "9", "-subj", "/CN=ca"),
        (*new, "other.key", "-x509", "-out", "other.crt", "-days", "9", "-subj", "/CN=other"),
        (*new, "server.key", "-out", "server.csr", "-subj", "/CN=localhost"),
        (*sign, "-out", "server.crt", "-days", "9"),
        (*sign, "-out", "named.crt", "-days", "9", "-extfile", "names"),
        (*sign, "-out", "expired.crt", "-days", "-1"),
        ("x509", "-req", "-in", "server.csr", "-signkey", "server.key", "-out", "own.crt", "-days", "9"),
    ):
        subprocess.run(("openssl", *words), cwd=folder, check=True, capture_output=True)
    return folder


def with_tls(binaries: Binaries) -> Binaries:
    """Return binaries of PostgreSQL that have TLS; skip the test if there are none."""
    for found in (binaries, *discover()):
        if b"SSL is not supported by this build" not in (found.bindir / "postgres").read_bytes():
            return found
    pytest.skip("no PostgreSQL with TLS on this machine")
