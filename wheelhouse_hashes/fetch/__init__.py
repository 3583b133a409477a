"""Fetch one artifact into a folder, and judge it.

``artifact`` retries until the verdict is final, ``download`` reads, hashes and writes
the bytes in one pass, and ``target_folder`` gives a file its final name or moves it to
``.rejected``.  This package never imports ``upload``, ``verify`` or ``builtin``.
"""
