"""Containers of object stores, accessed through Libcloud.

``base`` implements the operations for any provider, ``cloud`` and ``local`` specialize
them, and ``opening`` chooses among the three.  ``driver`` creates the provider's driver
from the options.  Libcloud is slow to import, so only modules that access a store
import this package.  It imports ``disk``, ``runtime``, ``formats`` and the public
modules below them, and never ``http``.
"""
