"""Verify one artifact of a local folder.

``artifact`` collects claims from the sources, hashes the file in place and reports
the verdict.  It changes nothing on disk.  This package never imports ``fetch``,
``upload`` or ``builtin``.
"""
