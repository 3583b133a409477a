"""Typed hook calls that no command makes yet."""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence

from tests.support.artifacts import A, sha256
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Artifact, Claim, Digest, Finding, ListedArtifact, Outcome
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.seen import Seen
from wheelhouse_hashes.options import VerifyOptions
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.session import Session
from wheelhouse_hashes.verdict.conclude import judge_file

HEAD = b"PK\x03\x04"
DIGEST = Digest("sha256", sha256(HEAD))
CLAIM = Claim(DIGEST, "list", "SHA256SUMS")


def test_inspect_without_bytes() -> None:
    """A comparison of digests with digests has no file; plugins see what was compared."""
    calls: list[tuple[object, ...]] = []

    @hookimpl
    def wheelhouse_inspect(
        artifact: Artifact, path: object, claims: Sequence[Claim], digests: Mapping[str, str]
    ) -> Sequence[Finding]:
        calls.append((artifact.name, path, tuple(claims), dict(digests)))
        return [Finding(Cause.UNTRUSTED, "no entry")]

    plugins = Plugins()
    inspector = types.SimpleNamespace(wheelhouse_inspect=wheelhouse_inspect)
    plugins.register(inspector, "log", "log-dist 1.0")
    run = Session("verify", VerifyOptions(folder="dist"), plugins)
    seen = Seen(len(HEAD), {"sha256": DIGEST.hex}, HEAD, b"PK\x05\x06")
    verdict = judge_file(run, ListedArtifact(A, ""), [CLAIM], seen, None)
    assert calls == [(A, None, (CLAIM,), {"sha256": DIGEST.hex})]
    assert (verdict.outcome, verdict.cause) == (Outcome.REFUSED, Cause.UNTRUSTED)
