"""Parsers and formatters: text in, values out.

Nothing here reads a file or opens a connection, so plain strings are enough to
test all of it.  This package imports only public modules, such as ``artifacts``
and ``filenames``.
"""
