"""Local files and folders.

Artifacts are read by descriptor and received in a private folder, and files are
written atomically: a reader sees either the whole file or none.  Operating system
errors become ``DiskError`` here.  This package imports ``runtime``, ``formats`` and
the public modules below them.
"""
