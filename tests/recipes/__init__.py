"""The recipes of ``examples/ci``, run as far as possible without the CI services.

They need twine, check-jsonschema and cibuildwheel, and so have their own tox environment:
``tox run -e recipes``.
"""
