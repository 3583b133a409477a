"""Parsers and formatters: text in, values out.

Nothing here opens a file or a connection, so plain strings and open files are enough
to test all of it.  This package imports only public modules, such as ``artifacts``
and ``filenames``.
"""
