"""Tests that change users, so they run as root: ``tox run -e users``."""
