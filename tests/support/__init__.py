"""Tests of several folders use these modules."""

from __future__ import annotations

import pathlib

#: The clone.
ROOT = pathlib.Path(__file__).parent.parent.parent
