"""A certificate for a test server, which the client in this process trusts."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from aiohttp import connector


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's context for 127.0.0.1; the test is skipped where the `openssl` program is missing."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("no openssl program to make a certificate with")
    key, chain = folder / "key.pem", folder / "chain.pem"
    settings = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([program, "req", *settings, "-keyout", str(key), "-out", str(chain)], check=True, capture_output=True)
    connector._SSL_CONTEXT_VERIFIED.load_verify_locations(chain)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(chain, key)
    return context
