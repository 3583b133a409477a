"""The benchmark suite: ``python -m benchmarks``, ``tox run -e bench``."""
