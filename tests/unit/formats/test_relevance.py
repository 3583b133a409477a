"""Links of other projects and claims of other versions are dropped; nothing else is."""

from __future__ import annotations

import pathlib

import pytest
from packaging.version import Version

from wheelhouse_hashes.formats.pages import Link
from wheelhouse_hashes.formats.relevance import Relevance
from wheelhouse_hashes.options import FetchOptions, UploadOptions, VerifyOptions, make_options

HASHES = (("sha256", "0" * 64),)


def _link(name: str | None, problem: str = "") -> Link:
    return Link(name, f"http://host/{name}", HASHES, problem=problem)


def _to(project: str, version: str | None = None) -> Relevance:
    values = {"project_name": project, "url": "http://host/", "version": version}
    return Relevance.to(make_options(FetchOptions, values, {}))


@pytest.mark.parametrize(
    "name",
    [
        "other-1.0-py3-none-any.whl",
        "other-1.0.tar.gz",
        "OTHER-1.0.ZIP",
        "other-1.0.win32.exe",
        "other-1.0-py3-none-any.whl.sha256",
        "folder/other-1.0.tar.gz.asc",
    ],
)
def test_links_of_other_projects_are_dropped(name: str) -> None:
    assert list(_to("demo").of([_link(name)])) == []


@pytest.mark.parametrize(
    "link",
    [
        _link("demo-1.0-py3-none-any.whl"),
        _link("De_Mo-1.0.tar.gz"),
        _link("de.mo--1.0.zip.sha256"),
        _link("../De-Mo-1.0.tar.gz"),
        _link("x" * 5000 + "/de-mo-1.0.tar.gz"),
        _link("SHA256SUMS"),
        _link("other-1.0.tar.bz2"),
        _link(None),
        _link(""),
        _link("other-1.0.tar.gz", problem="its URL is malformed"),
    ],
)
def test_links_in_doubt_are_kept(link: Link) -> None:
    project = "demo" if link.name and link.name.startswith("demo") else "de_mo"
    assert list(_to(project).of([link])) == [link]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("demo-1.0-py3-none-any.whl", True),
        ("demo-1.0.0.tar.gz", True),
        ("demo-1.0-py3-none-any.whl.sha256", True),
        ("demo-x-py3-none-any.whl", True),
        ("demo-1.1.win32.exe", True),
        ("demo.whl", True),
        ("demo-1.0.dev1-py3-none-any.whl", False),
        ("demo-1.1-py3-none-any.whl", False),
        ("demo-1.1.tar.gz", False),
        ("demo-extra-1.1.zip", False),
    ],
)
def test_claims_of_other_versions_are_dropped(name: str, kept: bool) -> None:
    (link,) = _to("demo", "1").of([_link(name)])
    assert link.name == name
    assert link.hashes == (HASHES if kept else ())


def test_all_versions_are_relevant_without_one() -> None:
    links = [_link("demo-1.0.tar.gz"), _link("demo-1.1.tar.gz")]
    assert list(_to("demo").of(links)) == links


def test_artifacts_of_the_folder_are_relevant_to_verify(tmp_path: pathlib.Path) -> None:
    for name in ("demo-1.0.tar.gz", "demo-1.1.tar.gz", "de_mo-2.0.tar.gz", "notes.txt"):
        (tmp_path / name).touch()
    relevance = Relevance.to(make_options(VerifyOptions, {"folder": str(tmp_path)}, {}))
    names = ["demo-1.1-py3-none-any.whl", "other-1.0.tar.gz", "de-mo-2.0.zip", "demo-3.tar.gz"]
    links = list(relevance.of(map(_link, names)))
    assert [(link.name, bool(link.hashes)) for link in links] == [
        ("demo-1.1-py3-none-any.whl", True),
        ("de-mo-2.0.zip", True),
        ("demo-3.tar.gz", False),
    ]


def test_unreadable_folder_is_reported_elsewhere(tmp_path: pathlib.Path) -> None:
    options = make_options(VerifyOptions, {"folder": str(tmp_path / "missing")}, {})
    assert list(Relevance.to(options).of([_link("demo-1.0.tar.gz")])) == []


def test_all_links_are_relevant_to_other_commands() -> None:
    links = [_link("demo-1.0.tar.gz"), _link("other-1.0.tar.gz")]
    assert (
        list(Relevance.to(make_options(UploadOptions, {"container_name": "x"}, {})).of(links))
        == links
    )


def test_many_projects_are_not_looked_for() -> None:
    wanted = {f"demo-{number}": frozenset({Version("1.0")}) for number in range(1000)}
    (link,) = Relevance(wanted).of([_link("other-1.0.tar.gz")])
    assert link.hashes == HASHES
