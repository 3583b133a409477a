"""Kinds of artifacts: rows and columns of names."""

from __future__ import annotations

import pytest

from wheelhouse_hashes.formats.wheel_kinds import (
    Kind,
    column_of,
    in_order,
    kind_of,
    row_of,
    tags_of,
)


@pytest.mark.parametrize(
    ("tags", "column", "row"),
    [
        ("cp312-cp312-win_amd64", "cp312", "win_amd64"),
        ("cp312-cp312-win32", "cp312", "win32"),
        ("cp313-cp313t-macosx_11_0_arm64", "cp313t", "macosx arm64"),
        ("cp37-cp37m-macosx_10_9_x86_64", "cp37m", "macosx x86_64"),
        ("cp27-cp27mu-manylinux1_i686", "cp27mu", "manylinux i686"),
        ("cp39-abi3-manylinux2014_aarch64", "cp39-abi3", "manylinux aarch64"),
        ("cp315-abi3t-musllinux_1_2_x86_64", "cp315-abi3t", "musllinux x86_64"),
        ("pp311-pypy311_pp73-win_amd64", "pp311", "win_amd64"),
        ("graalpy312-graalpy250_312_native-linux_x86_64", "graalpy312", "linux_x86_64"),
        ("py3-none-any", "py3", "any"),
        ("py2.py3-none-any", "py2.py3", "any"),
        ("py3.py2-none-any", "py2.py3", "any"),
        ("cp312-none-win_arm64", "cp312-none", "win_arm64"),
        ("cp313-cp313-ios_13_0_arm64_iphoneos", "cp313", "ios arm64_iphoneos"),
        ("cp313-cp313-android_24_arm64_v8a", "cp313", "android arm64_v8a"),
        ("cp313-cp313-pyodide_2025_0_wasm32", "cp313", "pyodide wasm32"),
        (
            "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
            "cp312",
            "manylinux x86_64",
        ),
        (
            "py3-none-musllinux_1_1_x86_64.manylinux_2_17_x86_64",
            "py3",
            "manylinux x86_64 + musllinux x86_64",
        ),
    ],
)
def test_kind_of_wheel(tags: str, column: str, row: str) -> None:
    """A wheel's column is its Python, its row the platform without versions."""
    name = f"demo-1.0-{tags}.whl"
    assert kind_of(name) == Kind(column, row)
    assert (column_of(name), row_of(name)) == (column, row)


def test_build_tags_and_order_of_tags_do_not_change_the_kind() -> None:
    """Build tags, and the order and versions of compressed tags, are not part of a kind."""
    one = kind_of("demo-1.0-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl")
    assert one == kind_of("demo-2.0-cp312-cp312-manylinux2014_x86_64.manylinux_2_28_x86_64.whl")


def test_other_artifacts() -> None:
    """Sdists have a row but no column; other files have neither."""
    assert kind_of("demo-1.0.tar.gz") == kind_of("demo-1.0.zip") == Kind("", "sdist")
    assert str(kind_of("demo-1.0.zip")) == "sdist"
    assert str(kind_of("demo-1.0-py3-none-any.whl")) == "py3 any"
    assert kind_of("demo-1.0.win-amd64-py3.8.exe") == Kind("", "installer win-amd64 -py3.8")
    assert kind_of("demo-1.0.win32.exe") == Kind("", "installer win32")
    assert kind_of("SHA256SUMS") is None
    assert column_of("SHA256SUMS") == row_of("SHA256SUMS") == ""


def test_tags_for_patterns() -> None:
    """Patterns see each expanded tag of a wheel, and the word sdist."""
    tags = tags_of("demo-1.0-py2.py3-none-win_amd64.win32.whl")
    assert tags == {f"py{n}-none-{p}" for n in (2, 3) for p in ("win_amd64", "win32")}
    assert tags_of("demo-1.0.zip") == {"sdist"}
    assert not tags_of("demo-1.0.win32.exe")
    assert not tags_of("README")


def test_columns_are_sorted_by_number() -> None:
    """Columns are sorted by the numbers in them."""
    columns = ["cp310", "cp39", "cp313t", "cp313", "cp39-abi3", ""]
    assert sorted(columns, key=in_order) == ["", "cp39", "cp39-abi3", "cp310", "cp313", "cp313t"]
