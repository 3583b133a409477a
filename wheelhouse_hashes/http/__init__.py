"""HTTP through libcurl.

``client`` sends requests, ``response`` takes what one request is answered with,
``settings`` has the limits and the TLS options, ``resume`` continues a body that
was cut, and ``credentials`` gives each origin its own user and password.  This
room imports ``formats``, ``options`` and the public modules below them, and never
``stores``.
"""
