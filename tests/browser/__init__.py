"""The page of ``--html`` and the documentation in a real browser: ``tox run -e browser``."""
