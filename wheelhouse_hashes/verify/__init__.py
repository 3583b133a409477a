"""One artifact of a local folder, and its verdict.

``artifact`` asks the sources for claims, hashes the file where it is, and reports
the verdict.  It changes nothing on disk.  This room never imports ``fetch``,
``upload`` or ``builtin``.
"""
