"""``action.yml`` and the recipes of ``examples/ci``, run as far as possible without the services.

They need twine, check-jsonschema, zizmor and cibuildwheel, and so have their own tox environment:
``tox run -e recipes``.
"""
