"""The certificate authorities that are trusted.

Those of the system, as pip has it, unless an environment variable names others;
certifi's where the system has none.  The libcurl in pycurl's wheels has no default.
"""

from __future__ import annotations

import contextlib
import os
import re
import ssl
from collections.abc import Mapping

from wheelhouse_hashes.errors import UsageError

#: Environment variables with a bundle of trusted certificates, a file or a folder of
#: hashed names (:manpage:`openssl-rehash(1)`); the first one that is set counts.
CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")

#: The names that OpenSSL looks up in a folder.
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def trusted_certificates(environ: Mapping[str, str] = os.environ) -> str:
    """Return the path of the trusted certificates, a file or a folder.

    :param environ: the environment.
    :raises UsageError: if a variable names something that does not exist.
    """
    if named := _named(environ):
        return named
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return paths.cafile
    if paths.capath and _has_certificates(paths.capath):
        return paths.capath
    import certifi

    return certifi.where()


def _has_certificates(folder: str) -> bool:
    with contextlib.suppress(OSError):
        return any(_HASHED_NAME.fullmatch(name) for name in os.listdir(folder))
    return False


def _named(environ: Mapping[str, str]) -> str | None:
    for name in CA_VARIABLES:
        if path := environ.get(name):
            if not os.path.exists(path):  # noqa: PTH110 (Path.exists can raise)
                raise UsageError(f"{name}={path}: no such file or folder; correct or unset it")
            return path
    return None
