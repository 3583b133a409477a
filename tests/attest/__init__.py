"""Tests that need sigstore: ``tox run -e attest``."""
