"""Verify one artifact of a local folder.

``artifact`` collects claims from the sources, hashes the file in place and reports
the verdict; ``others`` classifies the files that are not artifacts.  Nothing on disk is
changed.  This package never imports ``fetch``,
``upload`` or ``builtin``.
"""
