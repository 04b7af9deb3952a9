"""Whose certificates are trusted where the operator says so: SSL_CERT_FILE."""

from __future__ import annotations

import ssl
from functools import lru_cache


# The settings look whether it can be read, and what goes out uses it: a system's file takes 0.1 s.
@lru_cache(maxsize=1)
def trusting(file: str) -> ssl.SSLContext:
    """Make a context that trusts the certificates of `file` (PEM) in the place of the system's file, as OpenSSL.

    A directory of certificates (SSL_CERT_DIR, else the system's) counts beside it, as it does for any program that
    uses OpenSSL. Raises OSError where the file cannot be read, ssl.SSLError where no certificate is in it.
    """
    made = ssl.create_default_context(cafile=file)
    if directory := ssl.get_default_verify_paths().capath:
        made.load_verify_locations(capath=directory)
    made.set_alpn_protocols(("http/1.1",))
    return made
