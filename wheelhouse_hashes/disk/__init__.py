"""Local files and folders.

Artifacts are read by descriptor and received in a private folder, and files are
written atomically: a reader sees either the whole file or none.  Folders may be shared
with other users: ``folder`` opens them once, ``walk`` follows paths to them, and
``ownership`` says who else can write.  Operating system
errors become ``DiskError`` here.  This package imports ``runtime``, ``formats`` and
the public modules below them.
"""
