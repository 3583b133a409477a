"""Check attestations with sigstore, without any request and without its cache.

Imports sigstore, so import this module only if attestations must be checked.
"""

from __future__ import annotations

import hashlib
import pathlib
import threading
from importlib.metadata import version
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from cryptography.x509 import SubjectAlternativeName, UnrecognizedExtension
from pypi_attestations import Attestation as Pep740Attestation
from sigstore.errors import Error
from sigstore.hashes import Hashed
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier
from sigstore_models.common.v1 import HashAlgorithm

from wheelhouse_hashes.builtin.sources.attestation_claims import Checked, Failed
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import printable
from wheelhouse_hashes.formats.attestation_failures import explain_failure
from wheelhouse_hashes.formats.attestations import Attestation, Kind, read_statement
from wheelhouse_hashes.formats.identities import Signer, read_signer

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

#: The trust root of the public instance in the sigstore distribution, which has no public
#: function for it.  ``Verifier.production(offline=True)`` reads the user's cache instead, and
#: believes whatever is there.
_ROOT = ("_store", "https%3A%2F%2Ftuf-repo-cdn.sigstore.dev", "trusted_root.json")

#: Maximum length of an error's text, in characters.
_MAX_TEXT = 160

_PRIVATE = (
    "signed by a private Sigstore instance, such as GitHub's for private repositories: "
    "not supported"
)

_REREAD = "publish the attestation again"


class _Signer:
    """Policy that accepts every certificate and keeps it: the signer is judged later."""

    def __init__(self) -> None:
        self.certificate: Certificate | None = None

    def verify(self, cert: Certificate) -> None:
        """Keep a certificate; called once sigstore found it valid."""
        self.certificate = cert

    @property
    def signer(self) -> Signer:
        """The signer that the certificate names.

        :raises ValueError: if an extension is not valid.
        """
        values: dict[str, bytes] = {}
        subject = ""
        for extension in self.certificate.extensions if self.certificate else ():
            value = extension.value
            if isinstance(value, UnrecognizedExtension):
                values[extension.oid.dotted_string] = value.value
            elif isinstance(value, SubjectAlternativeName):
                subject = next((str(name.value) for name in value), "")
        return read_signer(values, subject)


class Checker:
    """Checks attestations under one trust root; thread-safe.

    :param path: the file with the trust root; None for that of the installed sigstore.
    :raises UsageError: if it cannot be read.
    """

    def __init__(self, path: str | None = None) -> None:
        installed = f"sigstore {version('sigstore')}"
        #: The name of the trust root.
        self.root = f"{printable(path)}, {installed}" if path else f"that of {installed}"
        try:
            if path:
                trusted = TrustedRoot.from_file(path)
            else:
                with as_file(files("sigstore").joinpath(*_ROOT)) as file:
                    trusted = TrustedRoot.from_file(str(file))
            self._verifier = Verifier(trusted_root=trusted)
        except (Error, OSError, ValueError) as error:
            raise UsageError(_unusable(path, installed, error)) from None
        self._lock = threading.Lock()
        self._known: dict[bytes, Checked | Failed] = {}

    def check(self, attestation: Attestation) -> Checked | Failed:
        """Check an attestation, once.

        :param attestation: the attestation.
        """
        key = hashlib.sha256(attestation.text.encode("utf-8", "surrogatepass")).digest()
        with self._lock:
            known = self._known.get(key)
        if known is None:
            known = self._check(attestation)
            with self._lock:
                self._known[key] = known
        return known

    def _check(self, attestation: Attestation) -> Checked | Failed:
        if attestation.is_private:
            return Failed(Cause.NOT_ATTESTED, _PRIVATE)
        # The libraries raise errors of many types for malformed content.
        try:
            bundle = _bundle(attestation)
        except Exception as error:  # noqa: BLE001
            text = f"not a valid {attestation.kind.value}: {_short(error)}"
            return Failed(Cause.UNREADABLE_HASH, text, _REREAD, may_heal=True)
        try:
            return self._verified(attestation, bundle)
        except Error as error:
            return Failed(Cause.UNTRUSTED, printable(explain_failure(str(error), self.root)))
        except Exception as error:  # noqa: BLE001
            return Failed(Cause.UNTRUSTED, f"cannot be checked: {_short(error)}")

    def _verified(self, attestation: Attestation, bundle: Bundle) -> Checked:
        """Return what a valid attestation says.

        :raises Error: if it is not valid.
        """
        policy = _Signer()
        digest = attestation.message_digest
        if digest is not None:
            hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(digest))
            self._verifier.verify_artifact(hashed, bundle, policy)
            return Checked(policy.signer, message=digest)
        statement = read_statement(*self._verifier.verify_dsse(bundle, policy))
        return Checked(policy.signer, statement.subjects, statement.predicate)


def _bundle(attestation: Attestation) -> Bundle:
    if attestation.kind is Kind.PEP740:
        return Pep740Attestation.model_validate_json(attestation.text).to_bundle()
    return Bundle.from_json(attestation.text)


def _unusable(path: str | None, installed: str, error: Exception) -> str:
    """Return the text about a trust root that cannot be used."""
    if path is None:
        return f"{installed} has no usable trust root; give one with --trusted-root FILE"
    if isinstance(error, OSError):
        return f"--trusted-root {path}: {error.strerror or error}"
    lines = pathlib.Path(path).read_bytes().strip().count(b"\n{")
    if lines:
        return (
            f"--trusted-root {path}: has {lines + 1} trust roots, as gh attestation trusted-root "
            "writes them; give a file with one of them"
        )
    return f"--trusted-root {path}: not a trusted root of Sigstore: {_short(error)}"


def _short(error: Exception) -> str:
    """Return the text of an error on one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return printable(text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}...")
