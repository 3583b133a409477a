"""From claims and bytes to a verdict.

``rules`` is pure: it decides, without side effects.  ``conclude`` calls the plugins
that inspect files.  ``expectation`` compares a release with ``--expect`` and
``--expect-file``.  This package imports ``plugins``, ``disk``, ``formats`` and the
public modules below them.
"""
