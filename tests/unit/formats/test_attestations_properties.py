"""Documents with attestations and names of signers, whatever is in them."""

from __future__ import annotations

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.formats.test_attestations import BUNDLE, MESSAGE, PEP740, PROVENANCE
from wheelhouse_hashes.formats.attestations import (
    MAX_ATTESTATIONS,
    UnreadableAttestation,
    read_attestations,
    read_statement,
)
from wheelhouse_hashes.formats.identities import Signer, parse_identity

#: Values where others belong; few and plain, because strategies for any text start slowly.
LEAVES = st.sampled_from([None, True, 0, 2**70, -0.5, "", "AAAA", "\ud800", "\u2028", "sha256"])
VALUES = LEAVES | st.lists(LEAVES, max_size=2) | st.fixed_dictionaries({"x": LEAVES})
KEYS = st.sampled_from([*PEP740, *BUNDLE, *MESSAGE, *PROVENANCE, "digest", "payload"])
DOCUMENTS = st.builds(
    lambda known, other: {**known, **other},
    st.sampled_from([PEP740, BUNDLE, MESSAGE, PROVENANCE, {}]),
    st.dictionaries(KEYS, VALUES, max_size=3),
)
TEXTS = st.text("github:lab./@*[]\u017f\n\\-_ymlABrefs", max_size=40)


@settings(deadline=None, max_examples=60)
@given(DOCUMENTS)
def test_any_document_is_read_or_refused(document: object) -> None:
    with contextlib.suppress(UnreadableAttestation):
        found = read_attestations(json.dumps(document).encode())
        assert len(found) <= MAX_ATTESTATIONS
        for each in found:
            assert json.loads(each.text) is not None
            assert isinstance(each.unverified_subjects(), dict)
            assert each.is_private in (True, False)
            assert each.message_digest is None or each.is_unnamed


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(UnreadableAttestation):
        read_attestations(content)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from(["_type", "subject", "predicateType"]), VALUES) | VALUES)
def test_any_statement_is_read_or_refused(document: object) -> None:
    with contextlib.suppress(UnreadableAttestation):
        read_statement("application/vnd.in-toto+json", json.dumps(document).encode())


@settings(deadline=None, max_examples=100)
@given(TEXTS, TEXTS, TEXTS)
def test_any_signer_is_compared(text: str, repository: str, path: str) -> None:
    """A signer that is accepted has the named repository, apart from case."""
    issuer, home = "https://gitlab.com", f"https://gitlab.com/{repository}"
    signer = Signer(issuer, home, f"{home}//{path}", ref="refs/heads/main")
    assert str(signer)
    with contextlib.suppress(ValueError):
        identity = parse_identity(f"gitlab:{text}")
        if identity.why_not(signer) is None:
            assert identity.repository.lower() == repository.lower()
            assert identity.workflow in (None, signer.workflow)
