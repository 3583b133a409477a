"""From claims and bytes to a verdict.

``rules`` is pure: it decides, without side effects.  ``conclude`` calls the plugins
that inspect files.  This package imports ``plugins``, ``formats`` and the public modules
below them.
"""
