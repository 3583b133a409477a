"""What README.rst and two pages promise with "never", "always" or "all" is tested."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

from tests.support import ROOT
from tests.support.named_tests import exists

PAGES = ("README.rst", "docs/commands.rst", "docs/trust.rst")

_WORD = re.compile(r"\b(?:never|always|all)\b", re.IGNORECASE)
#: The end of a sentence: its mark, and the beginning of the next one.
_BETWEEN = re.compile(r"(?<=[.:;!?])\s+(?=[-*`A-Z])")
_RULE = re.compile(r"=+(?: +=+)*")

#: Sentences that promise nothing about the program.
NO_PROMISES = {
    "- A plugin runs with all your rights.",
    "*Yes* means: the command fails, or the folder has the right artifacts all the same.",
}

_FETCH = "tests/command/test_fetch.py::"
_TIERS = "tests/command/test_tiers.py::"
_PROPERTIES = "tests/unit/verdict/test_rules_properties.py::"
_TABLE = "tests/docs/test_trust_page.py::test_source_detects_what_trust_table_says"
_ATTESTED = "tests/attest/test_trust.py::test_attestation_detects_what_trust_table_says"

#: The other sentences, and the tests of each.
PROMISES: Mapping[str, tuple[str, ...]] = {
    "Exit codes of an upload: 0 all artifacts are in the container; 1 an artifact was refused "
    "(for example, by ``--no-replace``), or a plugin error; 2 usage or installation error; 4 the "
    "folder has no artifacts, a file that looks like one was skipped, or the index page is "
    "another program's and was kept; 5 store, network or authentication error; 6 local file or "
    "disk error; 130 interrupted.": (
        "tests/command/test_upload.py::test_upload_creates_hash_file_and_link_per_artifact",
        "tests/slow/kill/test_replacements.py::test_random_interruptions",
        "tests/command/test_output.py::test_exit_code_is_that_of_the_results",
    ),
    "Everything else is refused, with its cause, and never has a name that ``dist/*.whl`` "
    "matches: refused files are in the hidden folder ``.rejected``.": (
        f"{_FETCH}test_flipped_bit_is_mismatch_after_two_reads",
        "tests/slow/kill/test_interruptions.py::test_interrupted_fetch_keeps_only_verified_artifacts",
        "tests/slow/kill/test_points.py::test_rerun_completes_killed_run",
    ),
    "The last line before ``twine upload`` looks at the folder itself, offline or online, and at "
    "whether all is there::": (
        "tests/command/test_reports.py::test_fetch_expect_number",
        "tests/command/test_other_files.py::test_unchecked_file_that_twine_sends_is_unexpected",
    ),
    "What the later versions mended (absolute links, sdists, PyPy tags) works here all the same.": (
        "tests/unit/builtin/test_index_pages.py::test_absolute_rooted_and_relative_links_are_resolved",
        f"{_FETCH}test_fetch_keeps_good_artifacts_only",
        "tests/unit/test_filenames.py",
    ),
    "The page that a run started from never counts, nor does an address that redirects to plain "
    "HTTP.": (
        f"{_TIERS}test_named_address_is_elsewhere_and_the_first_address_is_not",
        f"{_TIERS}test_address_that_is_not_secure_is_not_elsewhere",
    ),
    "All claims of all sources must match.": (
        f"{_FETCH}test_every_claim_must_match",
        f"{_PROPERTIES}test_verdict_is_good_only_if_every_claim_matches",
    ),
    "A further source can make a verdict stricter, never milder.": (
        f"{_PROPERTIES}test_no_combination_with_wrong_claim_is_good",
        f"{_PROPERTIES}test_finding_refuses_regardless_of_claims",
    ),
    "All tiers of an artifact are printed, the strongest first:": (
        f"{_TIERS}test_all_tiers_are_printed_everywhere",
    ),
    "somebody on the way changed all answers no no yes no no yes yes yes yes": (_TABLE, _ATTESTED),
    "an old wheel is back with all that was its no yes yes yes no yes no yes no": (
        _TABLE,
        _ATTESTED,
    ),
    "a wheel and all that was its is gone no yes yes yes no yes no no no": (_TABLE, _ATTESTED),
}


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a page, and the rows of its tables."""
    for block in re.split(r"\n\s*\n", text):
        lines = block.strip("\n").split("\n")
        if not any(_RULE.fullmatch(line) for line in lines) or len(lines) == 2:
            yield from _BETWEEN.split(" ".join(block.split()))
            continue
        rows: list[str] = []
        for line in lines:
            if line.startswith(" ") and rows:  # a row continues
                rows[-1] += f" {line}"
            elif not _RULE.fullmatch(line):
                rows.append(line)
        yield from (" ".join(row.split()) for row in rows)


def test_table_has_every_promise_of_the_pages() -> None:
    found = {s for page in PAGES for s in sentences(ROOT.joinpath(page).read_text("utf-8"))}
    assert {s for s in found if _WORD.search(s)} == PROMISES.keys() | NO_PROMISES


@pytest.mark.parametrize("test", sorted({test for tests in PROMISES.values() for test in tests}))
def test_of_a_promise_exists(test: str) -> None:
    assert exists(test)
