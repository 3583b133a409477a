"""What an address offers, and which part of it is asked for.

``locate`` gets a listing from the plugins; ``selection`` finds the artifacts and
their companions in it.  ``fetch`` and ``verify`` both use this room.  It imports
``plugins``, ``runtime``, ``formats`` and the public modules below them.
"""
