"""Names of attestations beside artifacts.

They are those of :pep:`740` tools (``X.whl.publish.attestation``, ``X.whl.provenance``), of
Sigstore (``X.whl.sigstore.json``) and of SLSA generators (``X.whl.intoto.jsonl``).
"""

from __future__ import annotations

from wheelhouse_hashes.filenames import parse_artifact_name

#: Ends of the names, the usual ones first.  ``.attestation`` may have a word before it.
SUFFIXES = (
    ".publish.attestation",
    ".slsa.attestation",
    ".provenance",
    ".sigstore.json",
    ".sigstore",
    ".sigstore.jsonl",
    ".intoto.jsonl",
    ".jsonl",
    ".attestation",
)

#: The ends by which other names are dismissed quickly.
_ENDS = (".attestation", ".provenance", ".sigstore", ".sigstore.json", ".jsonl")

#: Maximum length of the word before ``.attestation``, in characters.
_MAX_WORD = 32

#: The suffix of the index's provenance documents, which have no name of their own.
PROVENANCE = ".provenance"

#: The suffix of files with one bundle on each line, if they are named after an artifact.
BUNDLES = ".jsonl"


def attested_artifact(name: str) -> str | None:
    """Return the name of the artifact that an attestation belongs to.

    :param name: the name of an object.
    :returns: the artifact's name, or None if the name is not that of an attestation.
    """
    if not name.endswith(_ENDS):
        return None
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            owner = name.removesuffix(suffix)
            if parse_artifact_name(owner) is not None:
                return owner
    owner, _, word = name.removesuffix(".attestation").rpartition(".")
    is_word = 0 < len(word) <= _MAX_WORD and word.replace("-", "").isalnum() and word.isascii()
    if name.endswith(".attestation") and is_word and parse_artifact_name(owner) is not None:
        return owner
    return None


def is_bundle_list(name: str) -> bool:
    """Return whether a file may have attestations of any artifacts, one on each line.

    ``gh attestation download`` names it after a digest: ``sha256:HEX.jsonl``.

    :param name: the name of the file.
    """
    return name.endswith(".jsonl") and attested_artifact(name) is None


def digest_names(sha256: str) -> tuple[str, ...]:
    """Return the names that ``gh attestation download`` gives to its files.

    Names of files on Windows cannot have a colon.

    :param sha256: the digest of the artifact.
    """
    return f"sha256:{sha256}{BUNDLES}", f"sha256-{sha256}{BUNDLES}"


def is_downloaded(name: str) -> bool:
    """Return whether ``gh attestation download`` may have written a file.

    :param name: the name of the file.
    """
    return name.startswith(("sha256:", "sha256-")) and name.endswith(BUNDLES)
