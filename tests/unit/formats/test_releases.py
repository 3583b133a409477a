"""Which release of a listing ``--expect-like`` names."""

from __future__ import annotations

import pathlib

import pytest
from packaging.version import Version

from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.formats.releases import Release, choose, parse_address, releases_in
from wheelhouse_hashes.transport import Entry, LeftOut, Listing

TAGS = "cp312-cp312-win32"


def listing(*versions: str, yanked: str = "") -> Listing:
    """A listing with a wheel and an sdist of each version."""
    names = [f"demo-{v}{end}" for v in versions for end in (f"-{TAGS}.whl", ".tar.gz")]
    entries = tuple(
        Entry(n, f"https://example.org/{n}", 7, yanked="" if yanked and f"-{yanked}" in n else None)
        for n in names
    )
    return Listing("https://example.org/", entries)


def chosen(given: Listing, address: str, current: str) -> Release:
    """Return the release that is chosen."""
    version = Version(current)
    releases = releases_in(given)["demo"]
    return choose(releases, parse_address(address), f"demo {current}", version)


@pytest.mark.parametrize(
    ("text", "what", "version", "previous"),
    [
        ("dist", "dist", None, False),
        ("previous@dist", "dist", None, True),
        ("1.0rc1@https://u:p@example.org/a@b/", "https://u:p@example.org/a@b/", "1.0rc1", False),
        ("https://u:p@example.org/", "https://u:p@example.org/", None, False),
        ("container://wheels/a@b", "container://wheels/a@b", None, False),
    ],
)
def test_parse_address(text: str, what: str, version: str | None, previous: bool) -> None:
    address = parse_address(text)
    assert (address.what, address.previous) == (what, previous)
    assert address.version == (version and Version(version))
    assert "p@" not in repr(address)


@pytest.mark.parametrize("text", ["", "1.0@", "newest@dist"])
def test_values_without_a_version_or_an_address(text: str) -> None:
    with pytest.raises(UsageError, match="--expect-like"):
        parse_address(text)


def test_a_path_may_contain_the_character(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    pathlib.Path("1.0@rc").mkdir()
    assert parse_address("1.0@rc").what == "1.0@rc"


@pytest.mark.parametrize(
    ("current", "expected"),
    [
        ("3.0", "2.1"),
        ("2.1", "2.0"),
        ("2.0.1", "2.0"),
        ("2.1rc2", "2.0"),
        ("1.5", "1.0"),
        ("4.0", "3.0"),
    ],
)
@pytest.mark.parametrize("address", ["index", "previous@index"])
def test_previous_is_the_highest_final_version_below(
    address: str, current: str, expected: str
) -> None:
    known = listing("1.0", "2.0", "2.1rc1", "2.1", "2.1.post1", "2.1+local", "3.0", "3.1.dev1")
    assert str(chosen(known, address, current)) == f"demo {expected}"


def test_yanked_releases_and_artifacts_do_not_count() -> None:
    assert str(chosen(listing("1.0", "1.1", yanked="1.1"), "index", "1.2")) == "demo 1.0"
    partly = listing("1.0", "1.1", yanked=f"1.1-{TAGS}")
    assert list(chosen(partly, "index", "1.2").sizes) == ["demo-1.1.tar.gz"]
    # The user named it.
    assert len(chosen(partly, "1.1@index", "1.2").sizes) == 2


def test_named_version_and_only_version() -> None:
    known = listing("1.0", "2.0rc1")
    assert str(chosen(known, "2.0.rc1@index", "2.0")) == "demo 2.0rc1"
    assert str(chosen(listing("2.0rc1"), "dist", "2.0")) == "demo 2.0rc1"


@pytest.mark.parametrize(
    ("address", "versions", "words"),
    [
        ("3.0@https://u:p@example.org/?key", ["1.0"], "example.org/: no artifacts of version 3.0"),
        ("previous@dist", ["2.0rc1"], "no final release below demo 2.0"),
        ("dist", ["2.0"], "name one with VERSION@; it has 2.0$"),
        ("dist", ["2.0", "2.1"], "it has 2.1, 2.0$"),
        ("dist", [f"2.{n}" for n in range(12)], "2.2 and 2 more$"),
    ],
)
def test_no_such_release(address: str, versions: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        chosen(listing(*versions), address, "2.0")


def test_artifacts_that_are_left_out_or_in_lists_count() -> None:
    bad, listed = "demo-1.0-py3-none-any.whl", "demo-1.0.zip"
    inner = Listing("SHA256SUMS", (Entry(listed, "file:///x"), Entry("README", "file:///y")))
    given = Listing("x", (), left_out=(LeftOut(bad, Cause.UNREADABLE, ""),), lists=(inner,))
    assert releases_in(given)["demo"][Version("1.0")].sizes == {bad: None, listed: None}
