"""Explain why sigstore refuses an attestation.

Sigstore's texts name the part that failed, but not what it means.  A key that the trust root
lacks and a forged signature give the same text, so the explanation names both.
"""

from __future__ import annotations

#: Maximum length of sigstore's own text, in characters.
_MAX_TEXT = 120

_UPGRADE = "upgrade sigstore, or give the trust root of its instance with --trusted-root"

#: Parts of sigstore's texts, in lower case, and what each means; the first that fits counts.
_MEANINGS = (
    (
        "not valid at validation time",
        "its certificate was not valid when it was signed: forged, or damaged",
    ),
    (
        "timestamp certificate chain",
        (
            f"not signed under this trust root ({{root}}): forged, or by another Sigstore "
            f"instance; if it is newer than the trust root, {_UPGRADE}"
        ),
    ),
    ("expired at time of signing", "its certificate had expired when it was signed"),
    (
        "sct",
        (
            f"its certificate is in no log of this trust root ({{root}}): forged, or newer than "
            f"the trust root; then {_UPGRADE}"
        ),
    ),
    (
        "keyring",
        (
            f"its log entry is signed by no key of this trust root ({{root}}): forged, or newer "
            f"than the trust root; then {_UPGRADE}"
        ),
    ),
    ("inclusion proof", "its proof that the log has it is wrong: forged, or damaged"),
    ("root hash", "its proof that the log has it is wrong: forged, or damaged"),
    ("log entry", "its log entry is about another attestation: forged, or damaged"),
    ("signature", "its signature is wrong: forged, or damaged"),
    ("digest mismatch", "its signature is of other bytes: forged, or damaged"),
    (
        "verified time",
        "nothing that this trust root ({root}) knows proves when it was signed",
    ),
)


def explain_failure(text: str, root: str) -> str:
    """Return what an error of sigstore means, with its own text.

    :param text: the error's text.
    :param root: the name of the trust root.
    """
    first = " ".join(text.split())
    shown = first if len(first) <= _MAX_TEXT else f"{first[:_MAX_TEXT]}..."
    lower = first.lower()
    for part, meaning in _MEANINGS:
        if part in lower:
            return f"{meaning.format(root=root)} (sigstore: {shown})"
    return f"not valid under this trust root ({root}) (sigstore: {shown})"
