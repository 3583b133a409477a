"""Transparency logs: the formats, without I/O."""
