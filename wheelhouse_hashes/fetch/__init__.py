"""One artifact's way from an address to its verdict, and the folder it ends in.

``artifact`` tries until the verdict is final, ``download`` reads, hashes and writes
the bytes in one pass, and ``target_folder`` gives a file its final name or
``.rejected``.  This room never imports ``upload``, ``verify`` or ``builtin``.
"""
