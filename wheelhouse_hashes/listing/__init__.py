"""The listing of an address, and the part of it that a command selects.

``locate`` gets a listing from the plugins; ``selection`` finds the artifacts and
their companions in it.  ``fetch`` and ``verify`` both use this package.  It imports
``plugins``, ``runtime``, ``formats`` and the public modules below them.
"""
