"""Releases that are not complete: lost wheels, dropped Pythons, empty expectations (E.11)."""

from __future__ import annotations

from collections.abc import Iterable

from tests.slow.faults.catalogue import Case, fault, link, page, status, wheel
from tests.support.artifacts import sha256
from tests.support.servers import Respond
from wheelhouse_hashes.causes import Cause

_TAGS = [
    f"{python}-{platform}"
    for python in ("cp312-cp312", "cp313-cp313", "cp313-cp313t")
    for platform in ("manylinux_2_28_x86_64", "win_amd64")
]


def _names(version: str, tags: Iterable[str] = _TAGS) -> list[str]:
    return [f"demo-{version}-{each}.whl" for each in tags]


def _verify(
    case: Case, tags: Iterable[str], *options: str, offered: Respond | bytes | None = None
) -> None:
    """Verify a folder with version 2.0 against a list of its digests.

    :param offered: the page of an index; by default it has version 1.0.
    """
    folder = case.folder / "wheels"
    folder.mkdir()
    lines = []
    for name in _names("2.0", tags):
        (folder / name).write_bytes(wheel(name))
        lines.append(f"{sha256(wheel(name))}  {name}\n")
    (case.folder / "SUMS").write_text("".join(lines))
    index = case.serve({"/": offered or page(*map(link, _names("1.0")))})
    like = [option.replace("URL", index.url) for option in options]
    case.command = ["verify", "--quiet", "--wait", "0", "--against", "SUMS", *like, "wheels"]


@fault("E.11", exit_code=4, says="no cp313t wheels at all: 2 in 1.0")
def python_that_a_release_lost(case: Case) -> None:
    """``--expect-like``: a Python is missing, and the digest list lacks it as well."""
    _verify(case, _TAGS[:4], "--expect-like", "URL")


@fault("E.11", exit_code=4, says="no cp312 wheels for win_amd64: 1 in 1.0")
def wheel_that_a_release_lost(case: Case) -> None:
    """The same with a single wheel."""
    _verify(case, [*_TAGS[:1], *_TAGS[2:]], "--expect-like", "previous@URL")


@fault("E.11", exit_code=0, says="expected the 4 kinds of demo 1.0")
def python_that_a_release_dropped(case: Case) -> None:
    """A Python that the project has dropped, named with ``--without``."""
    _verify(case, _TAGS[:4], "--expect-like", "URL", "--without", "cp313t-*")


@fault("E.11", exit_code=2, says="no final release below demo 2.0")
def address_without_an_earlier_release(case: Case) -> None:
    """``--expect-like``: the page has the same version only, so nothing would be compared."""
    _verify(case, _TAGS, "--expect-like", "URL", offered=page(*map(link, _names("2.0"))))


@fault("E.11", exit_code=5, says="404")
def address_of_an_earlier_release_that_is_gone(case: Case) -> None:
    """``--expect-like``: the page does not exist; nothing is judged."""
    _verify(case, _TAGS, "--expect-like", "URL", offered=status(404))


@fault("E.11", exit_code=2, says="it has no build identifiers; check CIBW_BUILD")
def identifiers_that_match_no_build(case: Case) -> None:
    """``--expect-cibuildwheel``: cibuildwheel printed nothing, with exit code 0."""
    _verify(case, _TAGS, "--expect-cibuildwheel", "builds.txt")
    (case.folder / "builds.txt").write_text("")


@fault("E.11", exit_code=2, says="nothing is expected")
def list_that_expects_nothing(case: Case) -> None:
    """``--expect-file``: a list of comments."""
    _verify(case, _TAGS, "--expect-file", "expected.txt")
    (case.folder / "expected.txt").write_text("# to be written\n")


@fault("E.11", causes=Cause.UNEXPECTED, says="--exclude leaves it out, but it is in the folder")
def excluded_wheel_in_the_folder(case: Case) -> None:
    """``verify --exclude``: the folder has a wheel that is left out, and twine would send it."""
    _verify(case, _TAGS, "--exclude", "cp313t-win_amd64")
