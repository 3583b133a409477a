"""The recipes of ``examples/ci``, run as far as a machine without those services can.

They need twine, check-jsonschema and cibuildwheel, and so have a tox env of
their own: ``tox run -e recipes``.
"""
