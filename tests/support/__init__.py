"""What tests of several folders use."""

from __future__ import annotations

import pathlib

#: The clone.
ROOT = pathlib.Path(__file__).parent.parent.parent
