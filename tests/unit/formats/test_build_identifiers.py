"""Build identifiers of cibuildwheel, tried on real wheels."""

from __future__ import annotations

import pytest

from tests.support.releases import real_releases
from wheelhouse_hashes.formats.build_identifiers import Identifier, parse_identifier, unmet
from wheelhouse_hashes.formats.wheel_kinds import kind_of

#: What cibuildwheel 4.3.5 builds for one version of CPython on any machine.
PLATFORMS = (
    *("win32", "win_amd64", "win_arm64"),
    *("macosx_x86_64", "macosx_arm64", "macosx_universal2", "pyodide_wasm32"),
    *("android_x86_64", "android_arm64_v8a"),
    *("ios_arm64_iphoneos", "ios_arm64_iphonesimulator", "ios_x86_64_iphonesimulator"),
    *(
        f"{family}_{machine}"
        for family in ("manylinux", "musllinux")
        for machine in ("x86_64", "i686", "aarch64", "ppc64le", "s390x", "armv7l", "riscv64")
    ),
)
PYTHONS = (
    *("cp39", "cp310", "cp311", "cp312", "cp313", "cp314", "cp314t", "cp315", "cp315t"),
    *("pp39", "pp310", "pp311", "pp312", "gp312_250", "gp313_253"),
)


@pytest.mark.parametrize(
    ("identifier", "tags", "expected"),
    [
        ("cp312-manylinux_x86_64", "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", True),
        ("cp312-manylinux_x86_64", "cp312-cp312-musllinux_1_2_x86_64", False),
        ("cp312-manylinux_x86_64", "cp312-cp312-linux_x86_64", True),
        ("cp312-manylinux_x86_64", "cp311-cp311-manylinux_2_17_x86_64", False),
        ("cp312-win_amd64", "cp39-abi3-win_amd64", True),
        ("cp312-win_amd64", "cp313-abi3-win_amd64", False),
        ("cp313t-win_amd64", "cp39-abi3-win_amd64", False),
        ("cp315t-win_amd64", "cp315-abi3.abi3t-win_amd64", True),
        ("cp313t-win_amd64", "cp313-cp313t-win_amd64", True),
        ("cp313-win_amd64", "cp313-cp313t-win_amd64", False),
        ("cp313t-win_amd64", "py3-none-win_amd64", True),
        ("cp312-win32", "py311-none-win32", True),
        ("cp312-win32", "cp311-none-win32", False),
        ("cp312-win32", "cp312-none-win32", True),
        ("cp312-win32", "py3-none-any", True),
        ("cp312-win32", "py2-none-any", False),
        ("pp311-macosx_arm64", "pp311-pypy311_pp73-macosx_11_0_arm64", True),
        ("pp311-macosx_arm64", "pp310-pypy310_pp73-macosx_11_0_arm64", False),
        ("pp311-macosx_arm64", "py3-none-macosx_11_0_arm64", True),
        ("gp312_250-manylinux_x86_64", "graalpy312-graalpy250_312_native-linux_x86_64", True),
        ("gp312_250-manylinux_x86_64", "graalpy312-graalpy242_312_native-linux_x86_64", False),
        ("gp312-manylinux_x86_64", "graalpy312-graalpy242_312_native-linux_x86_64", True),
        ("gp312_250-win_amd64", "graalpy312-none-win_amd64", True),
        ("gp312_250-win_amd64", "graalpy311-graalpy250_311_native-win_amd64", False),
        ("cp313-pyodide_wasm32", "cp313-cp313-pyodide_2025_0_wasm32", True),
        ("cp313-pyodide_wasm32", "cp313-cp313-pyemscripten_2026_0_wasm32", True),
        ("cp313-ios_arm64_iphoneos", "cp313-cp313-ios_13_0_arm64_iphoneos", True),
        ("cp313-android_arm64_v8a", "cp313-cp313-android_24_arm64_v8a", True),
        ("cp36-win32", "cp36-cp36m-win32", True),
    ],
)
def test_wheels_that_a_build_makes(identifier: str, tags: str, expected: bool) -> None:
    parsed = parse_identifier(identifier)
    assert parsed is not None
    assert str(parsed) == identifier
    assert parsed.fits(f"demo-1.0-{tags}.whl") is expected
    assert not parsed.fits("demo-1.0.tar.gz")


def test_kinds_of_identifiers_are_those_of_wheels() -> None:
    kinds = [str(each.kind) for p in PLATFORMS if (each := parse_identifier(f"cp312-{p}"))]
    assert len(kinds) == 26
    assert {"cp312 win_amd64", "cp312 win32", "cp312 manylinux x86_64"} < set(kinds)


@pytest.mark.parametrize(
    ("identifier", "tags"),
    [
        ("cp312-win_amd64", "cp312-cp312-win_amd64"),
        ("cp313t-manylinux_x86_64", "cp313-cp313t-manylinux_2_28_x86_64"),
        ("pp311-macosx_arm64", "pp311-pypy311_pp73-macosx_11_0_arm64"),
        ("gp312_250-manylinux_x86_64", "graalpy312-graalpy250_312_native-manylinux_2_17_x86_64"),
        ("cp313-ios_arm64_iphoneos", "cp313-cp313-ios_13_0_arm64_iphoneos"),
        ("cp313-pyodide_wasm32", "cp313-cp313-pyodide_2025_0_wasm32"),
    ],
)
def test_identifier_and_its_wheel_are_in_one_cell(identifier: str, tags: str) -> None:
    """A missing wheel has the column and row that the wheel itself would have."""
    parsed = parse_identifier(identifier)
    assert parsed is not None
    assert parsed.kind == kind_of(f"demo-1.0-{tags}.whl")


@pytest.mark.parametrize(
    ("glob", "identifier", "expected"),
    [
        ("cp313t-*", "cp313t-win_amd64", True),
        ("cp313-cp313t-*", "cp313t-win_amd64", True),
        ("cp313-*", "cp313t-win_amd64", True),
        ("cp313-cp313-*", "cp313t-win_amd64", False),
        ("*-win_amd64", "cp313t-win_amd64", True),
        ("CP313T-*", "cp313t-win_amd64", False),
        ("cp312-manylinux_*_x86_64", "cp312-manylinux_x86_64", True),
        ("*-manylinux_x86_64", "cp312-manylinux_x86_64", True),
        ("*-manylinux_2_28_x86_64", "cp312-manylinux_x86_64", False),
        ("*-manylinux2014_*", "cp312-manylinux_x86_64", False),
        ("*-macosx_*_arm64", "cp312-macosx_arm64", True),
        ("*-macosx_*_x86_64", "cp312-macosx_arm64", False),
        ("*-pypy*", "pp311-win_amd64", True),
        ("pp311-*", "pp311-win_amd64", True),
        ("graalpy312-*", "gp312_250-manylinux_x86_64", True),
        ("*-graalpy250_*", "gp312_250-manylinux_x86_64", True),
        ("*-graalpy250_*", "gp313_253-manylinux_x86_64", False),
        ("gp*", "gp312_250-manylinux_x86_64", True),
        ("sdist", "cp312-win32", False),
    ],
)
def test_patterns_of_tags_match_identifiers(glob: str, identifier: str, expected: bool) -> None:
    """The patterns of ``--exclude`` are the same for wheels and for builds."""
    parsed = parse_identifier(identifier)
    assert parsed is not None
    assert parsed.matches(glob) is expected


@pytest.mark.parametrize("text", ["cp312", "cp312-*", "cp312-manylinux", "cp3-win32x", "x86_64"])
def test_other_texts_are_not_identifiers(text: str) -> None:
    assert parse_identifier(text) is None


def test_real_wheels_match_an_identifier() -> None:
    identifiers = [Identifier(python, p) for python in PYTHONS for p in PLATFORMS]
    for project, known in (("numpy", 0), ("markupsafe", 0), ("cffi", 0), ("ruff", 1)):
        releases = real_releases()[project]
        names = releases[max(v for v in releases if not v.is_prerelease)].sizes
        wheels = [name for name in names if name.endswith(".whl")]
        others = [w for w in wheels if not any(each.fits(w) for each in identifiers)]
        assert len(others) == known, others


def test_identifiers_without_a_wheel() -> None:
    identifiers = [Identifier("cp312", "win32"), Identifier("cp313", "win32")]
    assert unmet(identifiers, ["demo-1.0-cp312-cp312-win32.whl"]) == identifiers[1:]
    assert unmet(identifiers, ["demo-1.0-cp312-abi3-win32.whl"]) == []
