"""Containers of object stores, through Libcloud.

``base`` is what every store can do, ``cloud`` and ``local`` are the two kinds, and
``opening`` chooses between them.  ``driver`` makes the provider's driver from the
options.  Libcloud takes long to import, so only modules that reach a store import
this room.  It imports ``disk``, ``runtime``, ``formats`` and the public modules
below them, and never ``http``.
"""
