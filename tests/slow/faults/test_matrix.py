"""Every fault of the catalogue on the command line, and the page with the results."""

from __future__ import annotations

import pytest

from tests.slow.faults import peers
from tests.slow.faults.catalogue import CATALOGUE, Done, Fault
from tests.slow.faults.entries import ELSEWHERE, ENTRIES, NOT_COVERED
from tests.slow.faults.running import run_all
from tests.slow.faults.table import PAGE, render
from tests.support.named_tests import exists
from wheelhouse_hashes.causes import gravest

pytestmark = pytest.mark.thorough


Results = dict[str, Done | BaseException]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The results of all faults, which run once, in parallel."""
    return run_all(tmp_path_factory.mktemp("faults"))


@pytest.mark.parametrize("chosen", CATALOGUE.values(), ids=CATALOGUE)
def test_fault(chosen: Fault, results: Results) -> None:
    done = results[chosen.name]
    if isinstance(done, BaseException):
        raise done
    output = done.out + done.err
    assert done.code == chosen.exit_code, output
    causes = sorted((cause for _, cause, _ in done.refused), key=lambda cause: cause.value)
    assert tuple(causes) == chosen.causes, output
    if causes:
        assert done.code == gravest(cause.exit_code for cause in causes)
    assert tuple(sorted(name for name in done.left if name)) == chosen.left, output
    assert done.strayed == []
    assert chosen.says in output
    assert all(row.isprintable() for row in output.split("\n"))
    assert "Traceback" not in output
    assert "SECRET" not in output
    if "E.10" not in chosen.entries:  # ``hash`` prints all its lines there
        assert done.err.count("\n") == (1 if done.err else 0)
    assert done.memory <= chosen.memory


def test_catalogue_has_more_than_sixty_faults() -> None:
    assert len(CATALOGUE) > 60


def test_every_catalogue_entry_is_covered_or_has_reason() -> None:
    by_fault = {entry for chosen in CATALOGUE.values() for entry in chosen.entries}
    assert by_fault <= set(ENTRIES)
    assert {*by_fault, *ELSEWHERE, *NOT_COVERED} == set(ENTRIES)
    assert not set(NOT_COVERED) & {*by_fault, *ELSEWHERE}


@pytest.mark.parametrize("test", [test for tests in ELSEWHERE.values() for test in tests])
def test_tests_covering_entries_exist(test: str) -> None:
    assert exists(test)


def test_faults_page_is_current(results: Results) -> None:
    done = {name: result for name, result in results.items() if isinstance(result, Done)}
    assert len(done) == len(results)
    page = render(done, peers.kept())
    assert PAGE.read_text() == page, "run: python -m tests.slow.faults.table"


def test_peer_results_cover_their_faults() -> None:
    outcomes = peers.kept()["outcomes"]
    expected = {chosen.name for chosen in CATALOGUE.values() if chosen.for_peers}
    assert set(outcomes) == expected, "run: python -m tests.slow.faults.table --peers"
