"""Formats that are read or written: text goes in, values come out.

Nothing here reads a file or opens a connection, so all of it is tested with
plain strings.  This room imports only public modules, such as ``artifacts``
and ``filenames``.
"""
