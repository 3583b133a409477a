"""Two plugins cannot have one name."""

from __future__ import annotations

import pytest

from tests.support.plugins import Recorder
from wheelhouse_hashes.plugins.manager import Plugins


def test_two_plugins_of_one_name_are_not_both_loaded() -> None:
    plugins = Plugins()
    first, second = Recorder(), Recorder()
    plugins.register(first, "recorder", "one 1.0")
    with pytest.raises(ValueError, match="recorder"):
        plugins.register(second, "recorder", "two 1.0")
    plugins.companion_of("x")
    assert (len(first.calls), len(second.calls)) == (1, 0)
    assert plugins.describe("recorder") == "'recorder' (one 1.0)"
