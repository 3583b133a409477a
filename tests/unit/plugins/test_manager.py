"""The manager calls each plugin separately and names the one that fails."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.support.plugins import Recorder
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.option_registry import OptionRegistry
from wheelhouse_hashes.verbs import OptionGroup


def test_second_plugin_with_same_name_is_refused() -> None:
    plugins = Plugins()
    first, second = Recorder(), Recorder()
    plugins.register(first, "recorder", "one 1.0")
    with pytest.raises(ValueError, match="recorder"):
        plugins.register(second, "recorder", "two 1.0")
    plugins.companion_of("x")
    assert (len(first.calls), len(second.calls)) == (1, 0)
    assert plugins.describe("recorder") == "'recorder' (one 1.0)"


def test_unhashable_plugins_add_their_options() -> None:
    @dataclass
    class Howl:
        option: str

        @hookimpl
        def wheelhouse_add_options(self, parser: OptionGroup) -> None:
            parser.add_argument(self.option)

    plugins = Plugins()
    for name in ("howl", "growl"):
        plugins.register(Howl(f"--{name}"), name)
    parser = argparse.ArgumentParser()
    plugins.add_options(parser.add_argument_group(), OptionRegistry("fetch"))
    assert plugins.failures == []
    assert vars(parser.parse_args(["--growl", "1"])) == {"howl": None, "growl": "1"}


@pytest.mark.parametrize("first", [True, False])
def test_wrapper_does_not_see_options_of_other_plugin(first: bool) -> None:
    seen: list[int] = []

    class Wrapper:
        @hookimpl(wrapper=True)
        def wheelhouse_add_options(self, parser: OptionGroup) -> Iterator[None]:
            yield
            seen.append(len(parser._container._actions) - 1)  # all have --help

    class Failing:
        @hookimpl
        def wheelhouse_add_options(self) -> None:
            raise ValueError("no wolf")

    plugins = Plugins()
    plugin_list = [("wrapper", Wrapper()), ("failing", Failing())]
    for name, plugin in plugin_list if first else reversed(plugin_list):
        plugins.register(plugin, name)
    plugins.add_options(argparse.ArgumentParser(), OptionRegistry("fetch"))
    assert seen == [0]
    (failure,) = plugins.failures
    assert "plugin 'failing' (built-in) failed in wheelhouse_add_options" in failure
    plugins.add_options(argparse.ArgumentParser(), OptionRegistry("verify"))
    assert (seen, len(plugins.failures)) == ([0, 0], 1)
