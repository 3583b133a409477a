"""Lists, lock files, requirements files and reports: recognized by content, never a crash."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from tests.support.artifacts import SDIST, A
from tests.support.lists import FORMS, Form
from wheelhouse_hashes.errors import HashFileError
from wheelhouse_hashes.formats.digest_sources import read_digests
from wheelhouse_hashes.formats.named_digests import DigestSource

HEX = "ab" * 32
PAIRS = [(A, HEX), (SDIST, "cd" * 32)]


def read(text: str, name: str = "list") -> DigestSource:
    return read_digests(text.encode(), name)


def refused(content: bytes, name: str = "list") -> str:
    with pytest.raises(HashFileError) as caught:
        read_digests(content, name)
    return str(caught.value)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_kind_does_not_depend_on_the_name(form: Form) -> None:
    named, unnamed = read(form.text(PAIRS), form.file), read(form.text(PAIRS), "list")
    assert named == unnamed
    assert named.announces == form.announces


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
@settings(deadline=None)
@given(data=st.data())
def test_damaged_text_is_read_or_refused(form: Form, data: st.DataObject) -> None:
    content = bytearray(form.text(PAIRS).encode())
    cut = data.draw(st.integers(0, len(content)))
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        found = read_digests(bytes(content[:cut]), form.file)
    except HashFileError as error:
        assert "\n" not in str(error)  # noqa: PT017 (it need not raise)
        return
    digests = {digest.hex for each in found.artifacts for digest in each.digests}
    digests |= {digest.hex for each in found.releases.values() for digest in each}
    assert digests
    assert all(value.encode() in bytes(content).lower() for value in digests)


def test_requirements_of_one_release_are_alternatives() -> None:
    text = f"Demo[x]==1.0.0 ; python_version > '3' \\\n  --hash=sha256:{HEX} \\\n"
    text += f"  --hash sha512:{'0' * 128}\ndemo == 1 --hash=sha256:{'1' * 64}\n"
    ((release, digests),) = read(text).releases.items()
    assert release == ("demo", Version("1.0"))
    assert [str(digest)[:10] for digest in digests] == ["sha256:aba", "sha512:000", "sha256:111"]


@pytest.mark.parametrize("specifier", [">=1", "==1.*", "", "==1,==2", "!=1"])
def test_requirement_without_a_version_is_not_used(specifier: str) -> None:
    text = f"demo{specifier} --hash=sha256:{HEX}\nother==2 --hash=sha256:{HEX}\n"
    found = read(text)
    assert [project for project, _ in found.releases] == ["other"]
    assert found.notes == (
        "line 1 of the requirements file names no version, so its digests are not used",
    )


def test_nested_requirements_file_is_not_read() -> None:
    found = read(f"-r other.txt\n-c c.txt\ndemo==1 --hash=sha256:{HEX}\n")
    assert found.notes == ("the requirements file names another file, which is not read",)


def test_pylock_names_are_those_of_files_and_of_urls() -> None:
    """uv writes normalized names; the files on an index may have others."""
    text = 'lock-version = "1.0"\ncreated-by = "uv"\n[[packages]]\nname = "demo"\n'
    text += f'version = "1.0"\nwheels = [{{ name = "{A}", url = "https://host/D{A[1:]}?x#y", '
    text += f'hashes = {{ sha256 = "{HEX}" }} }}]\n'
    assert [each.name for each in read(text).artifacts] == [f"D{A[1:]}", A]


def test_pylock_of_another_version_is_refused() -> None:
    text = f'lock-version = "2.0"\ncreated-by = "x"\npackages = []\nx = "{HEX}"\n'
    assert "a pylock.toml file that is not valid" in refused(text.encode())


def test_values_that_stand_for_no_digest_are_absent() -> None:
    """Old clients of anaconda.org wrote "None"; GitHub has null for old releases."""
    row = f'{{"basename": "{A}", "distribution_type": "pypi", "sha256": "None", "md5": "{"0" * 32}"'
    row += ', "download_url": "//host/x"}'
    ((name, digests),) = [(e.name, e.digests) for e in read(f"[{row}]").artifacts]
    assert (name, [digest.algorithm for digest in digests]) == (A, ["md5"])


def test_digests_of_one_name_must_agree_in_each_algorithm() -> None:
    text = FORMS["uv.lock"].text
    assert len(read(text([(A, HEX), (A, HEX)])).artifacts) == 1
    assert "ambiguous" in refused(text([(A, HEX), (A, "0" * 64)]).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"[x]\n" + b"a." * 500_000 + b"a = 1\n",
        b"[" + b"b." * 500_000 + b"c]\n",
        b"[x]\n" + b"[y]\n" * 2_000_000,
        b"demo==1 " + b"-" * 1_000_000,
        b"demo==1 " + b" " * 1_000_000 + b"\n",
        (b"a" * 500 + b" " * 500 + b"\n") * 1000,
        b"[" * 1_000_000,
        b"a[" + b", " * 500_000,
    ],
    ids=range(8),
)
def test_hostile_text_takes_little_time(content: bytes) -> None:
    begun = time.process_time()
    refused(content)
    assert time.process_time() - begun < 5
