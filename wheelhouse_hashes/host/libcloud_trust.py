"""Let Libcloud trust the same certificate authorities as fetches.

Libcloud reads ``SSL_CERT_FILE`` only, when it is imported, and refuses a folder; by default
it trusts certifi's authorities instead of the system's.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping

from wheelhouse_hashes.http.trust import CA_VARIABLES, trusted_certificates

#: The variable that Libcloud reads.
_READ_BY_LIBCLOUD = CA_VARIABLES[0]


def trust_same_authorities(environ: MutableMapping[str, str] = os.environ) -> None:
    """Import Libcloud's settings and set the certificate authorities.

    :param environ: the environment.
    :raises UsageError: if a variable names something that does not exist.
    """
    trusted = trusted_certificates(environ)
    path = environ.pop(_READ_BY_LIBCLOUD, None)
    try:
        import libcloud.security
    finally:
        if path is not None:
            environ[_READ_BY_LIBCLOUD] = path
    libcloud.security.CA_CERTS_PATH = trusted
