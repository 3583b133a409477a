"""Helpers shared by tests in several folders."""

from __future__ import annotations

import pathlib

#: The root of the checkout.
ROOT = pathlib.Path(__file__).parent.parent.parent
