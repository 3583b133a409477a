"""Transparency logs: reading and checking them, and appending to them.

The plugins :mod:`~wheelhouse_hashes.builtin.sources.log` and
:mod:`~wheelhouse_hashes.builtin.verbs.log` import these modules when a command uses a log.
"""
