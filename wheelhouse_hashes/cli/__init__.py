"""Command line: parser, help texts, environment variables, and one module per verb.

The module of a verb (:mod:`~wheelhouse_hashes.cli.upload`,
:mod:`~wheelhouse_hashes.cli.fetch`, :mod:`~wheelhouse_hashes.cli.verify`,
:mod:`~wheelhouse_hashes.cli.index`) contains the sequence of its steps; the steps are
implemented in the subpackages ``upload``, ``fetch``, ``verify`` and ``listing``.
This subpackage may import every other subpackage except ``host``.
"""
