"""Built-in plugins that say which digest an artifact should have, or where artifacts are.

Each module implements ``wheelhouse_locate``, ``wheelhouse_claims`` or
``wheelhouse_response_claims``.  They import the public modules and the rooms
``formats``, ``disk`` and ``runtime``.
"""
