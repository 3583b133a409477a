"""From claims and bytes to a verdict.

``rules`` is pure: it decides, and does nothing else.  ``conclude`` asks the plugins
that inspect files.  ``expectation`` compares a release with what ``--expect`` and
``--expect-file`` ask for.  This room imports ``plugins``,
``disk``, ``formats`` and the public modules below them.
"""
