"""Files and folders on this machine.

Artifacts are read by descriptor, received in a private folder, and files are
written so that a reader sees either the whole file or none.  Every system error
becomes a ``DiskError`` here.  This room imports ``runtime``, ``formats`` and the
public modules below them.
"""
