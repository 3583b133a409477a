from __future__ import annotations

import importlib
import re
import types
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.strategies import versions
from wheelhouse_hashes.formats.dev_builds import KEEP, DevBuilds, stamped_builds, stamped_name
from wheelhouse_hashes.host import pkg_resources_shim

NOW = datetime(2026, 11, 21, 19, 27, 44, tzinfo=UTC)


# The host uses datetime and re in ways that are deprecated in Python 3.12 and 3.13.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:wheelhouse_uploader.utils")


@pytest.fixture(scope="module")
def host() -> types.ModuleType:
    """The host's own module for names."""
    with pkg_resources_shim.pkg_resources_stand_in():
        return importlib.import_module("wheelhouse_uploader.utils")


def _assert_agrees(host: types.ModuleType, name: str) -> None:
    stamped, wanted = host.stamp_dev_wheel(name)
    now = NOW
    if stamped:
        match = re.search(r"\+(\d{14})", wanted)
        assert match is not None
        now = datetime.strptime(match[1] + "+0000", "%Y%m%d%H%M%S%z")
    assert stamped_name(name, now) == wanted


@pytest.mark.parametrize(
    "name",
    [
        "proj-0.1.dev0-py2.py3-none-any.whl",
        "proj-0.1-py2.py3-none-any.whl",
        "proj-0.1.dev0+20151214030042-py2.py3-none-any.whl",
        "proj-0.1.dev0+20151214030042_deadbeef-py3-none-any.whl",
        "proj-0.1.dev0+deadbeef-cp34-none-win32.whl",
        "proj-0.1.dev0+Dead_Beef.7-cp34-none-win32.whl",
        "proj-1!0.1.DEV1+abc_d-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "Scikit_Learn-1.0.dev-cp27-cp27mu-win_amd64.whl",
        "proj-1.0a1.post2.dev3-cp311-abi3-win_amd64.whl",
        "proj-1.0.dev0+2015121403004-py3-none-any.whl",
        "proj-1.0+20151214030042-py3-none-any.whl",
        "proj-1.0.tar.gz",
        "proj-1.0.zip",
        "scikit-learn-0.15.1rc0.win-amd64-py2.7.exe",
    ],
)
def test_stamp_agrees_with_host(host: types.ModuleType, name: str) -> None:
    _assert_agrees(host, name)


@settings(deadline=None)
@given(version=versions(), tag=st.sampled_from(("py3-none-any", "py2.py3-none-any", "cp27-none-x")))
def test_stamp_of_any_version_agrees_with_host(
    host: types.ModuleType, version: str, tag: str
) -> None:
    _assert_agrees(host, f"proj-{version}-{tag}.whl")


@pytest.mark.parametrize(
    "name",
    [
        "proj-0.1.dev0.tar.gz",
        "proj-0.1.dev0.zip",
        "proj-0.1.dev0.win32-py2.7.exe",
        "proj-0.1.dev0+20151214030042.tar.gz",
    ],
)
def test_dev_build_other_than_wheel_is_refused(host: types.ModuleType, name: str) -> None:
    with pytest.raises(ValueError, match="only dev wheel"):
        host.stamp_dev_wheel(name)
    with pytest.raises(ValueError, match="only be uploaded as wheels"):
        stamped_name(name, NOW)


def test_stamped_names_keep_build_tag_and_pypy_tags() -> None:
    assert (
        stamped_name("proj-1.0.dev0+ab-3_x-pp311-pypy311_pp73-win_amd64.whl", NOW)
        == "proj-1.0.dev0+20261121192744_ab-3_x-pp311-pypy311_pp73-win_amd64.whl"
    )


@settings(deadline=None)
@given(versions(dev=True))
def test_stamped_name_is_not_stamped_again(version: str) -> None:
    once = stamped_name(f"proj-{version}-py3-none-any.whl", NOW)
    assert stamped_name(once, datetime(2027, 1, 1, tzinfo=UTC)) == once


def test_non_artifact_name_cannot_be_stamped() -> None:
    with pytest.raises(ValueError, match="not the name of"):
        stamped_name("index.html", NOW)


def _build(stamp: int, rest: str = "py3-none-any", version: str = "1.0.dev0") -> str:
    return f"proj-{version}+{20260000000000 + stamp}-{rest}.whl"


def test_dev_builds_are_youngest_first_like_host(host: types.ModuleType) -> None:
    names = [
        "package-1.0.dev0+000_local1-cp34-none-win32.whl",
        "package-1.1.dev0+local1-cp34-none-win32.whl",
        "package-1.10.dev0+local1-cp34-none-win32.whl",
        "package-1.0.dev0+001_local1-cp34-none-win32.whl",
        "package-0.9-cp34-none-win32.whl",
        "package-1.0.dev0+local1-cp34-none-win_amd64.whl",
        "other_package-1.0.dev0+local0-cp34-none-win32.whl",
        "package-1.0.dev0+local0-cp33-none-win32.whl",
        "package-1.0.dev0+local1-cp34-none-win32.whl",
        "package-1.0.dev0.tar.gz",
        "index.html",
    ]
    kept = DevBuilds(names).like(names[0])
    assert kept == host.matching_dev_filenames(names[0], names)
    assert kept == [names[2], names[1], names[3], names[0], names[8]]


def test_dev_builds_compare_normalized_project_names() -> None:
    names = ["My_Proj-1.0.dev0-py3-none-any.whl", "my.proj-1.0.dev1-py3-none-any.whl"]
    assert DevBuilds(names).like(names[0]) == names[::-1]


def test_higher_build_tag_of_same_version_is_younger() -> None:
    names = [_build(1, f"{build}-py3-none-any") for build in (2, 10, 1)]
    assert DevBuilds([*names, _build(1)]).like(names[0]) == [
        names[1],
        names[0],
        names[2],
        _build(1),
    ]


@pytest.mark.parametrize("name", ["proj-1.0-py3-none-any.whl", "index.html"])
def test_other_names_are_never_superseded(name: str) -> None:
    others = [_build(stamp) for stamp in range(9)]
    assert DevBuilds(others).like(name) == []
    assert not DevBuilds(others).is_superseded(name)


def test_dev_build_is_superseded_by_five_younger_not_four() -> None:
    younger = [_build(stamp) for stamp in range(1, KEEP + 1)]
    assert KEEP == 5
    assert DevBuilds(younger).is_superseded(_build(0))
    assert DevBuilds([_build(0), *younger]).is_superseded(_build(0))
    assert not DevBuilds(younger[1:]).is_superseded(_build(0))
    assert not any(DevBuilds([_build(0), *younger]).is_superseded(name) for name in younger)


def test_other_builds_and_releases_supersede_nothing() -> None:
    others = [_build(stamp, "cp311-cp311-win32") for stamp in range(1, 9)]
    others += [f"other-1.0.dev{n}-py3-none-any.whl" for n in range(9)]
    others += [f"proj-2.{n}-py3-none-any.whl" for n in range(9)]
    assert not DevBuilds(others).is_superseded(_build(0))


def test_older_builds_supersede_nothing() -> None:
    assert not DevBuilds([_build(stamp) for stamp in range(9)]).is_superseded(_build(9))


BEFORE = "proj-1.0.dev0-cp311-cp311-win_amd64.whl"
BUILD = "proj-1.0.dev0+20261121192744-cp311-cp311-win_amd64.whl"
LATER = "proj-1.0.dev0+20261122192744-cp311-cp311-win_amd64.whl"


@pytest.mark.parametrize(
    ("listed", "there", "found"),
    [
        ([BEFORE], [BUILD], {BEFORE: [BUILD]}),
        (["Proj-1.0dev-cp311-cp311-win_amd64.whl"], [BUILD], None),
        ([BEFORE], [LATER, BUILD], {BEFORE: [BUILD, LATER]}),
        ([BEFORE], [BUILD, BEFORE], {}),
        ([BEFORE, LATER], [BUILD, LATER], {BEFORE: [BUILD]}),
        ([BUILD], [LATER], {}),
        ([BUILD], [BEFORE], {}),
        ([BEFORE], ["proj-1.0.dev1+20261121192744-cp311-cp311-win_amd64.whl"], {}),
        ([BEFORE], ["proj-1.0.dev0+20261121192744-1-cp311-cp311-win_amd64.whl"], {}),
        ([BEFORE], ["proj-1.0.dev0+20261121192744-cp312-cp312-win_amd64.whl"], {}),
        ([BEFORE], ["proj-1.0.dev0+20261121192744.abc-cp311-cp311-win_amd64.whl"], {}),
        ([BEFORE], ["proj-1.0.dev0+2026112119274-cp311-cp311-win_amd64.whl"], {}),
        (["proj-1.0-py3-none-any.whl"], ["proj-1.0+20261121192744-py3-none-any.whl"], {}),
        (["proj-1.0.dev0.tar.gz"], ["proj-1.0.dev0+20261121192744.tar.gz"], {}),
        (["dev", "", "dev-1.whl"], [BUILD], {}),
    ],
)
def test_builds_that_differ_in_the_time_stamp_only(
    listed: list[str], there: list[str], found: dict[str, list[str]] | None
) -> None:
    expected = {listed[0]: [BUILD]} if found is None else found
    assert stamped_builds(listed, there) == expected


@given(versions())
@settings(deadline=None, max_examples=50)
def test_uploaded_name_is_found_again(version: str) -> None:
    name = f"proj-{version}-py3-none-any.whl"
    try:
        uploaded = stamped_name(name, NOW)
    except ValueError:
        return
    found = stamped_builds([name], [uploaded, "proj-0.0.dev9+20261121192744-py3-none-any.whl"])
    assert found == ({} if uploaded == name else {name: [uploaded]})
