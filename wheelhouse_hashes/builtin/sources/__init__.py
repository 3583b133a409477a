"""Built-in plugins that claim digests or locate artifacts.

Each module implements ``wheelhouse_locate``, ``wheelhouse_claims`` or
``wheelhouse_response_claims``.  They import the public modules and the subpackages
``formats``, ``disk`` and ``runtime``.
"""
