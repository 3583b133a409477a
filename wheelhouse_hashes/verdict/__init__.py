"""From claims and bytes to a verdict.

``rules`` and ``outside`` are pure: they decide, without side effects.  ``outside`` has the
rules for claims that the container cannot change.  ``conclude`` calls the plugins that
inspect files.  ``expectation`` compares a release with ``--expect`` and ``--expect-file``,
``requirement`` the sources of a run with ``--require``.  This package imports ``plugins``,
``disk``, ``formats`` and the public modules below them.
"""
