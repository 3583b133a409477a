"""Transparency logs: published test data, Go's packages, and other implementations."""
