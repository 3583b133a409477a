"""From claims and bytes to a verdict.

``rules`` and ``outside`` are pure: they decide, without side effects.  ``outside`` has the
rules for claims that the container cannot change.  ``conclude`` calls the plugins that
inspect files.  ``requirement`` compares the sources of a run with ``--require``.  This
package imports ``plugins``, ``formats`` and the public modules below them.
"""
