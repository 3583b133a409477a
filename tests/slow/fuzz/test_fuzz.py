"""The fuzz corpus and a few hypothesis examples; ``tox run -e fuzz`` runs more."""

from __future__ import annotations

import pathlib

import pytest
from hypothesis import given, settings

from tests.slow.fuzz import growth
from tests.slow.fuzz.archives import run
from tests.slow.fuzz.strategies import (
    digest_lists,
    hash_files,
    index_pages,
    json_listings,
    json_pages,
    list_names,
    xml_listings,
)
from tests.slow.fuzz.targets import (
    TARGETS,
    digest_list,
    fragment,
    hash_file,
    index_page,
    json_listing,
    json_page,
    list_name,
    xml_listing,
)

CORPUS = pathlib.Path(__file__).parent / "corpus"
CASES = sorted(path for name in TARGETS for path in CORPUS.joinpath(name).iterdir())

some = settings(deadline=None, max_examples=30)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_fuzz_corpus(path: pathlib.Path) -> None:
    content = path.read_bytes()
    for target in TARGETS.values():
        target(content)


def test_each_fuzz_target_has_a_corpus() -> None:
    assert {path.parent.name for path in CASES} == set(TARGETS)


@some
@given(hash_files)
def test_fuzz_hash_files(data: bytes) -> None:
    hash_file(data)


@some
@given(digest_lists)
def test_fuzz_digest_lists(data: bytes) -> None:
    digest_list(data)


@some
@given(list_names)
def test_fuzz_list_names(data: bytes) -> None:
    list_name(data)


@some
@given(index_pages)
def test_fuzz_index_pages(data: bytes) -> None:
    index_page(data)
    fragment(data)


@some
@given(json_pages)
def test_fuzz_json_pages(data: bytes) -> None:
    json_page(data)


@some
@given(xml_listings)
def test_fuzz_xml_listings(data: bytes) -> None:
    xml_listing(data)


@some
@given(json_listings)
def test_fuzz_json_listings(data: bytes) -> None:
    json_listing(data)


@pytest.mark.thorough
@pytest.mark.parametrize("name", growth.LINES)
def test_large_digest_list_is_read_in_linear_time(name: str) -> None:
    once, eight = growth.growth(growth.LINES[name], 25_000)
    assert growth.is_linear(once, eight, 25_000), (once, eight)


def test_fuzz_archives() -> None:
    """Many of the mutated archives are still readable, so that all checks are reached."""
    assert run(seed=1, count=400) > 50
