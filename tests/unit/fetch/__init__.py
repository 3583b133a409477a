"""Tests of ``wheelhouse_hashes.fetch``."""
