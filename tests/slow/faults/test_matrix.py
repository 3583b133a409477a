"""Every fault of the catalogue, on the command line; and the page that tells of it."""

from __future__ import annotations

import ast

import pytest

from tests.slow.faults import peers
from tests.slow.faults.catalogue import CATALOGUE, Done, Fault
from tests.slow.faults.entries import ELSEWHERE, ENTRIES, NOT_COVERED
from tests.slow.faults.running import run_all
from tests.slow.faults.table import PAGE, render
from tests.support import ROOT
from wheelhouse_hashes.causes import gravest

pytestmark = pytest.mark.thorough


Results = dict[str, Done | BaseException]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What came of all faults: they run once, side by side."""
    return run_all(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("chosen", CATALOGUE.values(), ids=CATALOGUE)
def test_fault(chosen: Fault, results: Results) -> None:
    done = results[chosen.name]
    if isinstance(done, BaseException):
        raise done
    said = done.out + done.err
    assert done.code == chosen.exit_code, said
    causes = sorted((cause for _, cause, _ in done.refused), key=lambda cause: cause.value)
    assert tuple(causes) == chosen.causes, said
    if causes:
        assert done.code == gravest(cause.exit_code for cause in causes)
    assert tuple(sorted(name for name in done.left if name)) == chosen.left, said
    assert done.strayed == []
    assert chosen.says in said
    assert all(row.isprintable() for row in said.split("\n"))
    assert "Traceback" not in said
    assert "SECRET" not in said
    assert done.err.count("\n") == (1 if done.err else 0)
    assert done.memory <= chosen.memory


def test_there_are_more_than_sixty_faults() -> None:
    assert len(CATALOGUE) > 60


def test_every_entry_is_covered_or_has_a_reason() -> None:
    by_fault = {entry for chosen in CATALOGUE.values() for entry in chosen.entries}
    assert by_fault <= set(ENTRIES)
    assert {*by_fault, *ELSEWHERE, *NOT_COVERED} == set(ENTRIES)
    assert not set(NOT_COVERED) & {*by_fault, *ELSEWHERE}


@pytest.mark.parametrize("test", [test for tests in ELSEWHERE.values() for test in tests])
def test_what_is_covered_elsewhere_is_there(test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse(ROOT.joinpath(path).read_text())
    names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert name in names if name else any(found.startswith("test_") for found in names)


def test_the_page_is_current(results: Results) -> None:
    done = {name: result for name, result in results.items() if isinstance(result, Done)}
    assert len(done) == len(results)
    page = render(done, peers.kept())
    assert PAGE.read_text() == page, "run: python -m tests.slow.faults.table"


def test_other_tools_were_tried_on_their_faults() -> None:
    outcomes = peers.kept()["outcomes"]
    expected = {chosen.name for chosen in CATALOGUE.values() if chosen.for_peers}
    assert set(outcomes) == expected, "run: python -m tests.slow.faults.table --peers"
