"""Check attestations with sigstore, without any request and without its cache.

Imports sigstore, so import this module only if attestations must be checked.
"""

from __future__ import annotations

import hashlib
import pathlib
import threading
from importlib.metadata import version
from importlib.resources import as_file, files
from stat import S_ISDIR, S_ISFIFO, S_ISREG
from typing import TYPE_CHECKING

from cryptography.x509 import SubjectAlternativeName, UnrecognizedExtension
from pydantic import ValidationError
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
from wheelhouse_hashes.formats.attestations import MAX_BYTES, Attestation, Kind, read_statement
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

_OTHER_FILE = "not a trusted_root.json of Sigstore"

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
                _check_size(path)
                trusted = TrustedRoot.from_file(path)
            else:
                with as_file(files("sigstore").joinpath(*_ROOT)) as file:
                    trusted = TrustedRoot.from_file(str(file))
            self._verifier = Verifier(trusted_root=trusted)
        except UsageError:
            raise
        # The libraries raise errors of many types for malformed content.
        except Exception as error:  # noqa: BLE001
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

    def _verified(self, attestation: Attestation, bundle: Bundle) -> Checked | Failed:
        """Return what a valid attestation says.

        :raises Error: if it is not valid.
        """
        policy = _Signer()
        if attestation.is_unnamed:
            digest = attestation.message_digest
            if digest is None:
                return Failed(Cause.NOT_ATTESTED, "signs bytes by a digest other than SHA-256")
            hashed = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(digest))
            self._verifier.verify_artifact(hashed, bundle, policy)
            return Checked(policy.signer, unnamed=True)
        statement = read_statement(*self._verifier.verify_dsse(bundle, policy))
        return Checked(policy.signer, statement.subjects, statement.predicate)


def _bundle(attestation: Attestation) -> Bundle:
    if attestation.kind is Kind.PEP740:
        return Pep740Attestation.model_validate_json(attestation.text).to_bundle()
    return Bundle.from_json(attestation.text)


def _check_size(path: str) -> None:
    """Check that a file may be read as a trust root.

    :raises OSError: if it cannot be accessed.
    :raises UsageError: if it is too large, or a device.
    """
    status = pathlib.Path(path).stat()
    if not (S_ISREG(status.st_mode) or S_ISFIFO(status.st_mode) or S_ISDIR(status.st_mode)):
        raise UsageError(f"--trusted-root {path}: not a file")
    if status.st_size > MAX_BYTES:
        raise UsageError(
            f"--trusted-root {path}: {_OTHER_FILE}: it is larger than {MAX_BYTES} bytes"
        )


def _unusable(path: str | None, installed: str, error: Exception) -> str:
    """Return the text about a trust root that cannot be used."""
    if path is None:
        return f"{installed} has no usable trust root; give one with --trusted-root FILE"
    if isinstance(error, OSError):
        return f"--trusted-root {path}: {error.strerror or error}"
    file = pathlib.Path(path)
    lines = file.read_bytes().strip().count(b"\n{") if file.is_file() else 0
    if lines:
        return (
            f"--trusted-root {path}: has {lines + 1} trust roots, as gh attestation trusted-root "
            "writes them; give a file with one of them"
        )
    return f"--trusted-root {path}: {_OTHER_FILE}: {_short(error)}"


def _short(error: Exception) -> str:
    """Return what is wrong, on one line."""
    text = _first_problem(error) or str(error) or type(error).__name__
    text = " ".join(text.split())
    return printable(text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}...")


def _first_problem(error: BaseException | None) -> str:
    """Return the first problem that pydantic found; empty if the error is another one.

    Its own texts have several lines, with URLs and parts of the input.
    """
    while error is not None and not isinstance(error, ValidationError):
        error = error.__cause__ or error.__context__
    if error is None:
        return ""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, problem["loc"]))
    return f"{place}: {problem['msg']}" if place else problem["msg"]
