"""HTTP through libcurl.

``client`` sends requests, ``response`` reads the response to one request,
``settings`` has the limits and the TLS options, ``resume`` continues an interrupted
body, and ``credentials`` keeps a user and password for each origin.  This package
imports ``formats``, ``options`` and the public modules below them, and never
``stores``.
"""
