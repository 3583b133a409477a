"""The command line: parser, help texts, environment variables, and one module per verb.

A verb's module (:mod:`~wheelhouse_hashes.cli.upload`,
:mod:`~wheelhouse_hashes.cli.fetch`, :mod:`~wheelhouse_hashes.cli.verify`,
:mod:`~wheelhouse_hashes.cli.index`) reads as the sequence of its steps; the steps
themselves are in the rooms ``upload``, ``fetch``, ``verify`` and ``listing``.
This room may import every other room but ``host``.
"""
