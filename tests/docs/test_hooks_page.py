"""The hooks page agrees with the hook specifications."""

from __future__ import annotations

import dataclasses
import inspect
import re

import pytest

from tests.support import ROOT
from tests.support.plugins import SPECS
from wheelhouse_hashes import artifacts, digests, transport
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.plugins.option_registry import RESERVED
from wheelhouse_hashes.verbs import OptionGroup, Verb

PAGE = ROOT / "docs" / "hooks.rst"


def heading(name: str) -> str:
    return f"{name}({', '.join(inspect.signature(SPECS[name]).parameters)})"


def sections() -> dict[str, str]:
    """Return the page's sections as a mapping of heading to text."""
    found = re.split(r"^(.+)\n(?:=|-|~){3,}$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def test_hooks_page_has_one_section_per_hook_in_order() -> None:
    headings = [title for title in sections() if title.startswith("wheelhouse_")]
    assert headings == [heading(name) for name in SPECS]


@pytest.mark.parametrize("name", SPECS)
def test_hook_section_is_complete(name: str) -> None:
    text = sections()[heading(name)]
    parts = [f"**{part}:**" for part in ("When", "Thread", "Repeats", "Returns", "Raises")]
    assert [part for part in parts if part not in text] == []
    parameters = re.findall(r"^``(\w+)`` - ", text, re.MULTILINE)
    assert parameters == list(inspect.signature(SPECS[name]).parameters)
    assert f":start-after: # -- start {name} --\n" in text
    assert f":end-before: # -- end {name} --\n" in text


@pytest.mark.parametrize("name", SPECS)
def test_hook_specification_is_complete(name: str) -> None:
    text = " ".join((inspect.getdoc(SPECS[name]) or "").split())
    assert "When: " in text
    assert " thread" in text
    signature = inspect.signature(SPECS[name])
    assert re.findall(r":param (\w+):", text) == list(signature.parameters)
    assert (":returns:" in text) == (signature.return_annotation != "None")


def test_hooks_page_has_every_cause_with_exit_code() -> None:
    rows = re.findall(r"^``([a-z-]+)`` +(\d) +\S", sections()["Cause"], re.MULTILINE)
    assert rows == [(cause.value, str(cause.exit_code)) for cause in Cause]


def test_hooks_page_has_every_field_of_every_value() -> None:
    page = sections()
    missing = [
        f"{value.__name__}.{name}"
        for module in (artifacts, digests, transport)
        for value in vars(module).values()
        if dataclasses.is_dataclass(value) and isinstance(value, type)
        for name in [f.name for f in dataclasses.fields(value)]
        if value.__module__ == module.__name__
        and not re.search(rf"^``{name}`` - ", page[value.__name__], re.MULTILINE)
    ]
    assert missing == []


def test_hooks_page_has_every_field_of_a_verb() -> None:
    names = [each.name for each in dataclasses.fields(Verb)]
    assert re.findall(r"^``(\w+)`` - ", sections()["Verb"], re.MULTILINE) == names


def test_hooks_page_has_every_argument_of_an_option() -> None:
    own = [
        name
        for name, parameter in inspect.signature(OptionGroup.add_argument).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]
    assert re.findall(r"^``(\w+)`` - ", sections()["OptionGroup"], re.MULTILINE) == own


def test_hooks_page_names_every_reserved_option() -> None:
    text = sections()[heading("wheelhouse_add_options")]
    names = re.findall(
        r"``--([\w-]+)``", text.partition("cannot clash.")[2].partition("reserved")[0]
    )
    assert set(names) == RESERVED
